internal import Database

/// Sequences behind their column, and numbers that run out: two checks with one look at the
/// sequences.
struct SequenceChecks {
    var behind: [Finding] = []
    var overflow: [Finding] = []
    /// Columns that were not compared, for they have no index and their table is large.
    var skipped: [String] = []

    /// Above this share of the numbers that a key can have, a person should know.
    private static let warning = 0.75
    /// Above this one, it is nearly over.
    private static let error = 0.95

    /// Looks at the sequences that `Sequences.step` returned.
    init(
        _ rows: [Row], _ reader: PostgresReader, isDeep: Bool
    ) throws(DatabaseError) {
        var uses = rows.map(Sequences.use)
        if !isDeep {
            skipped = uses.filter { $0.column?.isCheap == false }.map(\.object)
            uses.removeAll { $0.column?.isCheap == false }
        }
        let positions = try Sequences.positions(uses, reader)
        for (use, position) in zip(uses, positions) {
            switch position {
            case .success(let position):
                if position.isBehind, !use.cycles {
                    behind.append(try Self.behind(position, reader))
                }
                if !use.cycles { overflow += Self.overflow(position) }
            case .failure(let error):
                behind.append(
                    Finding(
                        Check.sequenceBehind.name, couldNotLookAt: use.object, error,
                        identity: use.identity))
            }
        }
    }

    // MARK: Behind

    /// A sequence that steps over numbers may step over those in the column as well, for ever: such
    /// as where two servers share a column's numbers.
    private static func behind(
        _ position: SequencePosition, _ reader: PostgresReader
    ) throws(DatabaseError) -> Finding {
        let use = position.use
        var meets = true
        if abs(use.increment) != 1, let column = use.column {
            let query = """
                SELECT EXISTS (SELECT FROM \(column.table) \
                WHERE \(column.name) \(use.increment > 0 ? ">=" : "<=") \(position.next) \
                AND pg_catalog.mod(\(column.name)::numeric - \(position.next), \
                \(use.increment)) = 0)
                """
            if case .success(let result) = try reader.answerOne(Step(query)) {
                meets = result.rows.first?[0].boolean ?? true
            }
        }
        let farthest = position.farthest ?? ""
        return Finding(
            Check.sequenceBehind.name, meets ? .error : .warning, object: use.object,
            problem: "the sequence \(use.sequence) gives \(position.next) next, and the column "
                + "already goes to \(farthest)"
                + (meets ? "" : "; it steps over the numbers that are there"),
            hint: "SELECT setval('\(use.sequence.replacing("'", with: "''"))', \(farthest));",
            facts: [
                "sequence": .text(use.sequence), "next": .text(position.next),
                "farthest": .text(farthest),
            ],
            identity: use.identity, extent: distance(position))
    }

    private static func distance(_ position: SequencePosition) -> Int64 {
        guard let farthest = Double(position.farthest ?? ""), let next = Double(position.next)
        else { return 0 }
        return Int64(clamping: Int(exactly: abs(farthest - next).rounded()) ?? .max)
    }

    // MARK: Near the end

    private static func overflow(_ position: SequencePosition) -> [Finding] {
        let use = position.use
        let type = use.column?.range ?? Int64.min...Int64.max
        let ascends = use.increment > 0
        // From where the sequence begins to where it, or the column's type, ends.
        let start = Double(ascends ? use.minimum : use.maximum)
        let end = Double(
            ascends ? min(use.maximum, type.upperBound) : max(use.minimum, type.lowerBound))
        let reached = [position.last.map(Double.init), position.farthest.flatMap(Double.init)]
            .compactMap(\.self)
        guard let now = ascends ? reached.max() : reached.min(), start != end else { return [] }
        let share = (now - start) / (end - start)
        guard share > warning else { return [] }
        let percent = Int(min(share, 1) * 100)
        let isFullType =
            use.column != nil && type != Int64.min...Int64.max
            && (ascends ? type.upperBound <= use.maximum : type.lowerBound >= use.minimum)
        let limit =
            isFullType
            ? (ascends ? type.upperBound : type.lowerBound) : ascends ? use.maximum : use.minimum
        return [
            Finding(
                Check.integerOverflow.name, share > error ? .error : .warning, object: use.object,
                problem: "\(percent) % of the numbers are used up: "
                    + (isFullType ? "the column's type" : "the sequence \(use.sequence)")
                    + " ends at \(limit)",
                hint: isFullType
                    ? "Make the column bigint, and its sequence, and the columns that refer to it, "
                        + "before it is full."
                    : "Widen it with ALTER SEQUENCE \(use.sequence) … MAXVALUE or MINVALUE.",
                facts: [
                    "percent": .integer(Int64(percent)), "sequence": .text(use.sequence),
                    "limit": .integer(limit),
                ],
                identity: use.identity, extent: Int64(percent))
        ]
    }
}
