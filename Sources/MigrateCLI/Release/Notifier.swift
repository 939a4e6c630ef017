internal import HTTP
internal import Migrations
internal import ProjectConfig
internal import Releases

/// Tells people and programs of a run. What goes wrong with it is reported, and changes nothing.
struct Notifier {
    let app: App
    let project: Project
    let identity: RunIdentity

    /// Tells all who want to know of an event.
    func tell(
        _ event: NotificationEvent, _ migrations: [Notice.Migration], runID: String?,
        database: String, failure: Failure? = nil, snapshot: String? = nil
    ) {
        let wanted = project.rules.notifications.filter { $0.events.contains(event) }
        guard !wanted.isEmpty else { return }
        let redactor = app.terminal.redactor
        let notice = Notice(
            event: event.rawValue, command: "up", environment: project.environment,
            database: database, by: identity.appliedBy, at: UTCTime.now.text,
            runID: runID, migrations: migrations,
            message: failure.map { redactor.redact($0.place + $0.message) },
            hint: failure?.hint.map(redactor.redact), snapshot: snapshot)
        for settings in wanted {
            if let problem = send(notice, settings) {
                app.terminal.warning("\(settings.label) was not told: \(problem)")
            }
        }
    }

    /// - Returns: what went wrong; nil where nothing did.
    private func send(_ notice: Notice, _ settings: NotificationSettings) -> String? {
        switch settings.way {
        case .webhook(let url, let isSlack):
            do throws(HTTPError) {
                let response = try HTTPClient.post(
                    url, json: isSlack ? notice.slack : notice.json, timeout: settings.timeout)
                return (200..<300).contains(response.status)
                    ? nil : "it answered with status \(response.status)"
            } catch {
                return error.message
            }
        case .command(let command):
            let arguments =
                switch command {
                case .shell(let line): ["/bin/sh", "-c", line]
                case .arguments(let list): list
                }
            do throws(ChildProcess.CannotRun) {
                let status = try ChildProcess.feed(
                    arguments, notice.json + "\n", timeout: settings.timeout)
                guard let status else {
                    return "it took longer than "
                        + describe(milliseconds: settings.timeout.wholeMilliseconds)
                        + ", and was ended"
                }
                return status == 0 ? nil : "it ended with status \(status)"
            } catch {
                return "it cannot be run: \(error.reason)"
            }
        }
    }
}

extension NotificationSettings {
    /// Who is told, without a secret.
    fileprivate var label: String {
        switch way {
        case .webhook(let url, _): "the webhook at \(url.hostOnly)"
        case .command(.shell(let line)): "the command '\(line.split(separator: " ").first ?? "")'"
        case .command(.arguments(let list)): "the command '\(list.first ?? "")'"
        }
    }
}
