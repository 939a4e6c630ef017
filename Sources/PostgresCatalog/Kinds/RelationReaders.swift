extension ObjectReaders {
    /// Tables and what hangs on them.
    static let relations: [any ObjectReader] = [
        TableReader(), ViewReader(), SequenceReader(), IndexReader(), ForeignKeyReader(),
        RuleReader(), TriggerReader(), PolicyReader(), StatisticsReader(), PublicationReader(),
        SubscriptionReader(),
    ]
}
