/// One thing that is looked at while a release bakes.
package enum ProbeSettings: Sendable, Hashable {
    /// A query that must return one value, and which.
    case sql(String, expect: String)
    /// An address that must answer with a status.
    case http(String, status: Int)
    /// A query to a Prometheus server, whose value must lie within bounds.
    case prometheus(server: String, query: String, bound: ProbeBound)
}

/// What a measured value must not reach.
package struct ProbeBound: Sendable, Hashable {
    /// The value must be less; nil where it may be as large as it likes.
    package var below: Double?
    /// The value must be more; nil where it may be as small as it likes.
    package var above: Double?

    /// Creates a bound.
    package init(below: Double? = nil, above: Double? = nil) {
        self.below = below
        self.above = above
    }
}

/// How long a release is watched after it succeeded: the keys of `bake`.
package struct BakeSettings: Sendable, Hashable {
    /// For so long.
    package var duration: Duration
    /// As often.
    package var every: Duration
    /// What is looked at; never empty.
    package var probes: [ProbeSettings]
}

/// What happens to a release that failed.
package enum FailurePolicy: String, Sendable, CaseIterable {
    /// Nothing: the ways back are named.
    case stop
    /// What the run applied is reverted.
    case down
    /// The snapshot of before the run takes the database's place.
    case restore
}

/// When somebody is told.
package enum NotificationEvent: String, Sendable, CaseIterable {
    /// A run is about to begin.
    case start
    /// It succeeded.
    case success
    /// It failed.
    case failure
    /// It was not allowed to begin.
    case refusal
}

/// Who is told of a run: an entry of `notify`.
package struct NotificationSettings: Sendable, Hashable {
    /// How.
    package enum Way: Sendable, Hashable {
        /// A document is posted to an address. Secret.
        case webhook(String, isSlack: Bool)
        /// A command reads the document on its standard input.
        case command(PasswordCommand)
    }
    /// How.
    package var way: Way
    /// Of what.
    package var events: [NotificationEvent]
    /// How long it may take.
    package var timeout: Duration
}

extension ConfigSection {
    /// The mapping under `bake`; nil where there is none.
    func bake() throws(ConfigError) -> BakeSettings? {
        guard
            let section = try section("bake", known: ["for", "every", "probes"])
        else { return nil }
        let every = try section.duration("every")
        if every == .zero {
            throw section.error(
                .invalidValue, "every", "must be longer than nothing", "Write 15s, say.")
        }
        guard section["for"] != nil, section["probes"] != nil else {
            let missing = section["for"] == nil ? "for" : "probes"
            throw ConfigError(
                .invalidValue, "'\(name(of: "bake"))' has no '\(missing)'",
                hint: "Write bake: { for: 15m, every: 15s, probes: [{ sql: \"SELECT …\", "
                    + "expect: 0 }] }", file: file, at: section.mark)
        }
        var probes: [ProbeSettings] = []
        for entry in try section.list("probes", of: "a list of probes") {
            probes.append(try entry.probe())
        }
        return BakeSettings(
            duration: try section.duration("for") ?? .zero, every: every ?? .seconds(15),
            probes: probes)
    }

    /// This mapping as a probe.
    private func probe() throws(ConfigError) -> ProbeSettings {
        let kinds: [String: [String]] = [
            "sql": ["expect"], "http": ["expect_status"],
            "prometheus": ["query", "below", "above"],
        ]
        let found = kinds.keys.filter { self[$0] != nil }
        guard found.count == 1, let kind = found.first, let keys = kinds[kind] else {
            throw ConfigError(
                .invalidValue, "a probe has one of 'sql', 'http' and 'prometheus'",
                hint: "Write { sql: \"SELECT …\", expect: 0 }, { http: \"https://…\" } or "
                    + "{ prometheus: \"https://…\", query: \"…\", below: 0.01 }.",
                file: file, at: mark)
        }
        if let other = entries.first(where: { $0.key != kind && !keys.contains($0.key) }) {
            throw ConfigError(
                .unknownKey, "a probe with '\(kind)' has no '\(other.key)'",
                hint: "Its keys are \(([kind] + keys).joined(separator: ", ")).", file: file,
                at: other.keyMark)
        }
        switch kind {
        case "sql":
            try need("expect", "the value that the query must return", of: kind)
            return .sql(try string("sql") ?? "", expect: try string("expect") ?? "")
        case "http":
            return .http(
                try string("http") ?? "", status: try integer("expect_status", 100...599) ?? 200)
        default:
            try need("query", "what Prometheus is asked", of: kind)
            guard self["below"] != nil || self["above"] != nil else {
                throw ConfigError(
                    .invalidValue, "a probe with 'prometheus' has neither 'below' nor 'above'",
                    hint: "Say which value is too much: below: 0.01", file: file, at: mark)
            }
            return .prometheus(
                server: try string("prometheus") ?? "", query: try string("query") ?? "",
                bound: ProbeBound(below: try decimal("below"), above: try decimal("above")))
        }
    }

    private func need(_ key: String, _ what: String, of kind: String) throws(ConfigError) {
        guard self[key] == nil else { return }
        throw ConfigError(
            .invalidValue, "a probe with '\(kind)' has no '\(key)'", hint: "It is \(what).",
            file: file, at: mark)
    }

    /// What stands under `on_failure`: a word, or a mapping.
    func failurePolicy() throws(ConfigError) -> FailurePolicy {
        guard let node = self["on_failure"] else { return .stop }
        guard case .mapping = node.content else {
            let policy = try choice("on_failure", FailurePolicy.self) ?? .stop
            if policy == .restore { throw needsDataLoss(at: node.mark) }
            return policy
        }
        let section = try ConfigSection(
            node, keys: keys + ["on_failure"], known: ["do", "allow_data_loss"], file: file)
        let policy = try section.choice("do", FailurePolicy.self) ?? .stop
        let isAllowed = try section.boolean("allow_data_loss") ?? false
        if policy == .restore, !isAllowed, !section.isDeferred("allow_data_loss") {
            throw needsDataLoss(at: section["do"]?.mark ?? node.mark)
        }
        return policy
    }

    private func needsDataLoss(at mark: YAMLMark) -> ConfigError {
        ConfigError(
            .invalidValue,
            "'\(name(of: "on_failure"))' restores a snapshot without leave to lose data",
            hint: "What was written since the snapshot is left behind in the database that is "
                + "kept. Write on_failure: { do: restore, allow_data_loss: true }",
            file: file, at: mark)
    }

    /// The list under `notify`.
    func notifications() throws(ConfigError) -> [NotificationSettings] {
        guard self["notify"] != nil else { return [] }
        var result: [NotificationSettings] = []
        for entry in try list("notify", of: "a list of who is told") {
            try entry.checkKeys(["webhook", "command", "format", "on", "timeout"])
            guard (entry["webhook"] == nil) != (entry["command"] == nil) else {
                throw ConfigError(
                    .invalidValue, "an entry of 'notify' has either 'webhook' or 'command'",
                    hint: "Write { webhook: \"${SLACK_WEBHOOK}\", format: slack, on: [failure] }.",
                    file: file, at: entry.mark)
            }
            let isSlack = try entry.choice("format", NotificationFormat.self) == .slack
            let way: NotificationSettings.Way =
                if entry["webhook"] != nil {
                    .webhook(try entry.string("webhook") ?? "", isSlack: isSlack)
                } else {
                    .command(try entry.command("command") ?? .shell(""))
                }
            result.append(
                NotificationSettings(
                    way: way, events: try entry.events(),
                    timeout: try entry.duration("timeout") ?? .seconds(10)))
        }
        return result
    }

    private func events() throws(ConfigError) -> [NotificationEvent] {
        guard let node = self["on"] else { return NotificationEvent.allCases }
        let words = NotificationEvent.allCases.map(\.rawValue)
        guard case .sequence(let nodes) = node.content else {
            throw error(
                .wrongType, "on", "must be a list of events", "Write on: [failure, refusal].")
        }
        var events: [NotificationEvent] = []
        for node in nodes {
            guard case .scalar(let scalar) = node.content,
                let event = NotificationEvent(rawValue: scalar.text)
            else {
                throw ConfigError(
                    .invalidValue, "\(node.kind) is no event of 'notify'",
                    hint: "Events are \(words.joined(separator: ", ")).", file: file, at: node.mark)
            }
            events.append(event)
        }
        return events
    }
}

/// What is posted to a webhook.
private enum NotificationFormat: String, CaseIterable {
    /// This program's own document.
    case json
    /// What Slack, and what understands its webhooks, reads.
    case slack
}
