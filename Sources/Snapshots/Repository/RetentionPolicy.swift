package import SnapshotFormat

/// Which snapshots of an environment are kept: those that any of the rules keeps.
///
/// Of each of the last so many days (weeks from Monday, months; UTC) that have a snapshot, the
/// newest one is kept.
package struct RetentionPolicy: Sendable, Hashable {
    /// The newest so many.
    package var last = 0
    /// One for each of so many days.
    package var daily = 0
    /// One for each of so many weeks.
    package var weekly = 0
    /// One for each of so many months.
    package var monthly = 0

    /// A policy without a rule, which keeps everything.
    package init() {}

    /// True where no rule is set.
    package var isEmpty: Bool { [last, daily, weekly, monthly].allSatisfy { $0 <= 0 } }

    /// The snapshots that no rule keeps, each environment for itself.
    package func expired(_ manifests: [Manifest]) -> [Manifest] {
        guard !isEmpty else { return [] }
        return Dictionary(grouping: manifests, by: \.environment).values.flatMap { group in
            let times = group.compactMap { manifest in
                Timestamp(manifest.createdAt).map { (manifest, $0) }
            }.sorted { $0.1 > $1.1 }
            var kept = Set(times.prefix(max(0, last)).map(\.0.id))
            func keep(_ limit: Int, _ period: (Timestamp) -> Int64) {
                var seen: Set<Int64> = []
                for (manifest, time) in times where seen.count < limit {
                    if seen.insert(period(time)).inserted { kept.insert(manifest.id) }
                }
            }
            keep(daily) { $0.dayNumber }
            keep(weekly) { $0.weekNumber }
            keep(monthly) { $0.monthNumber }
            return times.map(\.0).filter { !kept.contains($0.id) }
        }.sorted { $0.createdAt < $1.createdAt }
    }
}
