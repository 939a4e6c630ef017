internal import FoundationEssentials

/// What a probe found, against what it should find: pure.
package enum Measurement: Sendable, Hashable {
    /// As it should be; what was seen.
    case good(String)
    /// Not as it should be; what was seen, in words.
    case bad(String)

    /// Looks at the first rows of a query that must return one value; it returned `count` in all.
    ///
    /// Equal texts are equal, and so are two numbers of the same value: `0` and `0.00`.
    package init(rows: [[String?]], count: Int, expect: String) {
        guard count == 1, let row = rows.first, row.count == 1 else {
            let columns = rows.first?.count ?? 0
            self = .bad(
                count == 1
                    ? "the query returned \(columns) columns, not one value"
                    : "the query returned \(count) rows, not one value")
            return
        }
        let found = row[0]
        let isEqual =
            found.map { found in
                if Array(found.utf8) == Array(expect.utf8) { return true }
                guard let left = Double(found), let right = Double(expect) else { return false }
                return left == right
            } ?? (expect == "NULL")
        let words = found ?? "NULL"
        self = isEqual ? .good(words) : .bad("the query returned \(words), not \(expect)")
    }

    /// Looks at the status of a response.
    package init(status: Int, expect: Int) {
        self =
            status == expect
            ? .good("status \(status)") : .bad("the status is \(status), not \(expect)")
    }

    /// Looks at what a Prometheus server answered to an instant query: every value must lie within
    /// the bounds, and there must be one.
    ///
    /// Source: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
    package init(prometheus body: [UInt8], below: Double?, above: Double?) {
        guard let answer = try? JSONDecoder().decode(PrometheusAnswer.self, from: Data(body)) else {
            self = .bad("the answer is none of Prometheus's")
            return
        }
        guard answer.status == "success", let data = answer.data else {
            self = .bad("Prometheus says: \(answer.error ?? answer.status)")
            return
        }
        guard !data.values.isEmpty else {
            self = .bad("the query has no value")
            return
        }
        for text in data.values {
            guard let value = Double(text), !value.isNaN else {
                self = .bad("the value is \(text)")
                return
            }
            if let below, value >= below {
                self = .bad("the value is \(text), not below \(below)")
                return
            }
            if let above, value <= above {
                self = .bad("the value is \(text), not above \(above)")
                return
            }
        }
        self = .good(data.values.joined(separator: ", "))
    }
}

private struct PrometheusAnswer: Decodable {
    var status: String
    var error: String?
    var data: Payload?

    struct Payload: Decodable {
        var values: [String]

        private enum Keys: String, CodingKey { case resultType, result }

        private struct Sample: Decodable {
            var text: String
            // A time and a value as text.
            init(from decoder: any Decoder) throws {
                var pair = try decoder.unkeyedContainer()
                _ = try pair.decode(Double.self)
                text = try pair.decode(String.self)
            }
        }

        private struct Series: Decodable { var value: Sample }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Keys.self)
            switch try members.decode(String.self, forKey: .resultType) {
            case "vector":
                values = try members.decode([Series].self, forKey: .result).map(\.value.text)
            case "scalar": values = [try members.decode(Sample.self, forKey: .result).text]
            default: values = []
            }
        }
    }
}
