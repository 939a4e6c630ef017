extension ObjectReaders {
    /// Everything that is not on a table.
    static let typesAndFunctions: [any ObjectReader] = [
        DatabaseReader(), NamespaceReader(), ExtensionReader(), LanguageReader(),
        CollationReader(), BaseTypeReader(), EnumTypeReader(), CompositeTypeReader(),
        RangeTypeReader(), DomainReader(), CastReader(), TransformReader(), FunctionReader(),
        AggregateReader(), AccessMethodReader(), OperatorReader(), OperatorFamilyReader(),
        ConversionReader(), TextSearchParserReader(), TextSearchTemplateReader(),
        TextSearchDictionaryReader(), TextSearchConfigurationReader(), ForeignDataWrapperReader(),
        ForeignServerReader(), UserMappingReader(), EventTriggerReader(),
        DefaultPrivilegesReader(), LargeObjectReader(), GivenPrivilegesReader(),
        TemporaryObjectsReader(),
    ]
}
