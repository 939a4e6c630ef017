package import Releases

/// What an environment demands of a release; each rule is off where the file does not have it.
package struct ReleaseRules: Sendable, Hashable {
    /// Where the same files must have run first.
    package var promotion: PromotionPolicy?
    /// Where what ran there is read; nil where it is that environment's database.
    package var promotionEvidence: EvidenceSource?
    /// Where runs write what is applied here.
    package var evidence: EvidenceSettings?
    /// When nothing may run.
    package var windows: WindowPolicy?
    /// Where the time zone of `windows` stands: line and column from 1; those of `windows` where it
    /// has none.
    package var zonePlace = FilePosition(line: 1, column: 1)
    /// Which snapshot is taken before a run.
    package var snapshot: SnapshotPolicy?
    /// Who must approve a plan.
    package var approvals: ApprovalSettings?
    /// How long a release is watched.
    package var bake: BakeSettings?
    /// What happens to a release that failed.
    package var onFailure = FailurePolicy.stop
    /// Who is told of runs.
    package var notifications: [NotificationSettings] = []
    /// Where the environment stands that is promoted from.
    var promotionMark = YAMLMark(line: 1, column: 1)

    /// No rule.
    package init() {}

    /// True where there is no rule.
    package var isEmpty: Bool {
        promotion == nil && windows == nil && snapshot == nil && approvals == nil
    }
}

/// A place in the file.
package struct FilePosition: Sendable, Hashable {
    /// From 1.
    package var line: Int
    /// From 1, in Unicode scalars.
    package var column: Int
}

/// What a snapshot is taken before.
enum SnapshotMoment: String, CaseIterable {
    case up
}

extension ConfigSection {
    /// The keys of a release's rules.
    static let ruleKeys = [
        "promote_from", "approvals", "windows", "snapshot", "bake", "on_failure", "notify",
        "evidence",
    ]

    /// The rules in this mapping.
    func releaseRules(folder: String) throws(ConfigError) -> ReleaseRules {
        var rules = ReleaseRules()
        if let node = self["promote_from"] {
            try read(node, into: &rules, folder: folder)
        }
        if let windows = try section("windows", known: ["timezone", "deny", "freezes"]) {
            rules.windows = try windows.windowPolicy()
            let mark = windows["timezone"]?.mark ?? windows.mark
            rules.zonePlace = FilePosition(line: mark.line, column: mark.column)
        }
        if let snapshot = try section("snapshot", known: ["before", "strategy", "keep"]) {
            rules.snapshot = try snapshot.snapshotPolicy()
        }
        rules.approvals = try approvals(folder: folder)
        rules.bake = try bake()
        rules.onFailure = try failurePolicy()
        rules.notifications = try notifications()
        rules.evidence = try evidence(folder: folder)
        return rules
    }

    /// Reads a promotion: a name, or a mapping with the name and more.
    private func read(
        _ node: YAMLNode, into rules: inout ReleaseRules, folder: String
    ) throws(ConfigError) {
        rules.promotionMark = node.mark
        guard case .mapping = node.content else {
            rules.promotion = try string("promote_from").map { PromotionPolicy(environment: $0) }
            return
        }
        guard
            let section = try section(
                "promote_from", known: ["environment", "soak", "evidence", "signers"])
        else { return }
        guard let place = section["environment"] else {
            throw ConfigError(
                .invalidValue, "'\(name(of: "promote_from"))' names no environment",
                hint: "Add 'environment: staging' to it, or write 'promote_from: staging'.",
                file: file, at: node.mark)
        }
        let soak = try section.duration("soak") ?? .zero
        rules.promotion = try section.string("environment").map {
            PromotionPolicy(environment: $0, soak: soak)
        }
        rules.promotionMark = place.mark
        rules.promotionEvidence = try section.evidenceSource(folder: folder)
    }

    // MARK: - Windows

    private func windowPolicy() throws(ConfigError) -> WindowPolicy {
        var policy = WindowPolicy()
        if let zone = try string("timezone") {
            guard TimeZoneRules(rule: zone) != nil || Self.isZoneName(zone) else {
                throw error(
                    .invalidValue, "timezone", "must be the name of a time zone",
                    "Write a name such as Europe/Berlin, UTC, or a rule: CET-1CEST,M3.5.0,M10.5.0/3."
                )
            }
            policy.zone = zone
        }
        for (text, node) in try texts("deny", "a list of days and hours") {
            guard let denial = WindowPolicy.Denial(text) else {
                throw ConfigError(
                    .invalidValue,
                    "'\(name(of: "deny"))' must be days, hours, or both, not \(node.kind)",
                    hint: "Write \"Sat\", \"Mon-Thu 08:00-18:00\" or \"12:00-24:00\"; hours over "
                        + "midnight are two of them.", file: file, at: node.mark)
            }
            policy.denials.append(denial)
        }
        policy.freezes = try freezes()
        if self["deny"] == nil, self["freezes"] == nil {
            throw ConfigError(
                .invalidValue, "'\(Wording.path(keys))' denies nothing",
                hint: "Add 'deny: [Sat, Sun]' or 'freezes' to it, or remove it.", file: file,
                at: mark)
        }
        return policy
    }

    /// No way out of the folder of time zones.
    private static func isZoneName(_ text: String) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.unicodeScalars.first, first.properties.isAlphabetic else {
                return false
            }
            return part.utf8.allSatisfy { byte in
                Variables.isNameByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            }
        }
    }

    private func freezes() throws(ConfigError) -> [WindowPolicy.Freeze] {
        guard let node = self["freezes"] else { return [] }
        guard case .sequence(let nodes) = node.content else {
            throw error(
                .wrongType, "freezes", "must be a list of mappings", Self.freezeHint)
        }
        var freezes: [WindowPolicy.Freeze] = []
        for node in nodes {
            let section = try ConfigSection(
                node, keys: keys + ["freezes"], known: ["from", "to", "reason"], file: file)
            for key in ["from", "to", "reason"] where section[key] == nil {
                throw ConfigError(
                    .invalidValue, "'\(name(of: "freezes"))' has no '\(key)'",
                    hint: Self.freezeHint, file: file, at: node.mark)
            }
            let from = try section.moment("from")
            let to = try section.moment("to")
            guard let from, let to, let reason = try section.string("reason") else { continue }
            guard let freeze = WindowPolicy.Freeze(from: from, to: to, reason: reason) else {
                throw section.error(
                    .invalidValue, "to", "must be after 'from'", Self.freezeHint)
            }
            freezes.append(freeze)
        }
        return freezes
    }

    private func moment(_ key: String) throws(ConfigError) -> WindowPolicy.Moment? {
        guard let text = try string(key) else { return nil }
        guard let moment = WindowPolicy.Moment(text) else {
            throw error(.invalidValue, key, "must be a day, or a minute of one", Self.freezeHint)
        }
        return moment
    }

    private static let freezeHint =
        "Write { from: 2026-12-20, to: 2027-01-02, reason: holidays }; a day may have a time, "
        + "\"2026-12-20 18:00\"."

    // MARK: - Snapshot

    private func snapshotPolicy() throws(ConfigError) -> SnapshotPolicy {
        guard self["before"] != nil else {
            throw ConfigError(
                .invalidValue, "'\(Wording.path(keys))' does not say before what it is taken",
                hint: "Add 'before: up' to it, or remove it.", file: file, at: mark)
        }
        _ = try choice("before", SnapshotMoment.self)
        var policy = SnapshotPolicy(
            strategy: try choice("strategy", SnapshotPolicy.Strategy.self) ?? .full)
        guard let keep = try section("keep", known: ["last", "daily", "weekly", "monthly"]) else {
            return policy
        }
        var retention = SnapshotPolicy.Retention()
        retention.last = try keep.integer("last", 0...10_000) ?? 0
        retention.daily = try keep.integer("daily", 0...10_000) ?? 0
        retention.weekly = try keep.integer("weekly", 0...10_000) ?? 0
        retention.monthly = try keep.integer("monthly", 0...10_000) ?? 0
        let isDeferred = keep.entries.contains { entry in
            if case .scalar(let scalar) = entry.value.content {
                scalar.origin == .deferred
            } else {
                false
            }
        }
        guard retention != SnapshotPolicy.Retention() || isDeferred else {
            throw ConfigError(
                .invalidValue, "'\(Wording.path(keep.keys))' would keep no snapshot",
                hint: "Write { last: 10, daily: 14, weekly: 8 }, or remove it to keep all.",
                file: file, at: keep.mark)
        }
        policy.keep = retention
        return policy
    }

    /// The texts of a list, or the only one; those whose variables are not known yet are left out.
    private func texts(
        _ key: String, _ wanted: String
    ) throws(ConfigError) -> [(text: String, node: YAMLNode)] {
        guard let node = self[key] else { return [] }
        let nodes: [YAMLNode]
        if case .sequence(let list) = node.content { nodes = list } else { nodes = [node] }
        var texts: [(text: String, node: YAMLNode)] = []
        for node in nodes {
            guard case .scalar(let scalar) = node.content, !scalar.isNull, !scalar.text.isEmpty
            else {
                throw ConfigError(
                    .wrongType, "'\(name(of: key))' must be \(wanted), not \(node.kind)",
                    hint: "Write each one as a text, in quotes.", file: file, at: node.mark)
            }
            if scalar.origin != .deferred { texts.append((scalar.text, node)) }
        }
        return texts
    }
}

extension EnvironmentNode {
    /// Refuses a promotion from nowhere, from the environment itself, or around in a circle.
    static func checkPromotions(
        _ environments: [EnvironmentNode], _ file: String
    ) throws(ConfigError) {
        let sources = environments.reduce(into: [String: String]()) {
            $0[$1.name] = $1.promotesFrom
        }
        for environment in environments {
            guard let source = environment.promotesFrom else { continue }
            try check(
                source, of: environment.name, environments.map(\.name), file,
                environment.promotionMark)
            var current = source
            var seen: Set<String> = []
            while let next = sources[current], seen.insert(current).inserted {
                guard next == environment.name else {
                    current = next
                    continue
                }
                throw ConfigError(
                    .invalidValue,
                    "'\(environment.name)' and '\(current)' promote from each other",
                    hint: "Remove 'promote_from' from the one that comes first.", file: file,
                    at: environment.promotionMark)
            }
        }
    }

    /// Checks that an environment can promote from `source`.
    static func check(
        _ source: String, of name: String, _ names: [String], _ file: String, _ mark: YAMLMark
    ) throws(ConfigError) {
        let key = Wording.path(["environments", name, "promote_from"])
        guard source != name else {
            throw ConfigError(
                .invalidValue, "'\(key)' names the environment itself",
                hint: "Name the one in which migrations run before they come here.", file: file,
                at: mark)
        }
        guard !names.contains(source) else { return }
        let nearest = Spelling.nearest(to: source, in: names)
        throw ConfigError(
            .unknownEnvironment,
            "'\(key)' names no environment of the file: \(Wording.quoted(source))",
            hint: nearest.map { "Did you mean '\($0)'?" }
                ?? "The environments are \(names.joined(separator: ", ")).", file: file, at: mark)
    }
}
