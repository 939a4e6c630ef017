import Releases
import Testing

/// What a probe found, against what it should find.
struct MeasurementTests {
    @Test(
        arguments: [
            ([["0"]], "0", Measurement.good("0")),
            ([["0.00"]], "0", .good("0.00")),
            ([["f"]], "f", .good("f")),
            ([[nil]], "NULL", .good("NULL")),
            ([["3"]], "0", .bad("the query returned 3, not 0")),
            ([["F"]], "f", .bad("the query returned F, not f")),
            ([[nil]], "0", .bad("the query returned NULL, not 0")),
            ([], "0", .bad("the query returned 0 rows, not one value")),
            ([["0"], ["0"]], "0", .bad("the query returned 2 rows, not one value")),
            ([["0", "1"]], "0", .bad("the query returned 2 columns, not one value")),
        ] as [([[String?]], String, Measurement)])
    func `a query must return one value`(rows: [[String?]], expect: String, found: Measurement) {
        #expect(Measurement(rows: rows, count: rows.count, expect: expect) == found)
    }

    @Test func `a status must be the one`() {
        #expect(Measurement(status: 200, expect: 200) == .good("status 200"))
        #expect(Measurement(status: 503, expect: 200) == .bad("the status is 503, not 200"))
    }

    @Test(
        arguments: [
            (vector("0.002"), 0.01, nil, Measurement.good("0.002")),
            (vector("0.01"), 0.01, nil, .bad("the value is 0.01, not below 0.01")),
            (vector("0.002", "0.5"), 0.01, nil, .bad("the value is 0.5, not below 0.01")),
            (vector("12"), nil, 10, .good("12")),
            (vector("10"), nil, 10, .bad("the value is 10, not above 10.0")),
            (vector(), 0.01, nil, .bad("the query has no value")),
            (vector("NaN"), 0.01, nil, .bad("the value is NaN")),
            (vector("+Inf"), 0.01, nil, .bad("the value is +Inf, not below 0.01")),
            (
                #"{"status":"success","data":{"resultType":"scalar","result":[1.5,"0.001"]}}"#,
                0.01,
                nil, .good("0.001")
            ),
            (
                #"{"status":"error","errorType":"bad_data","error":"1:4: parse error"}"#, 0.01, nil,
                .bad("Prometheus says: 1:4: parse error")
            ),
            ("<html>", 0.01, nil, .bad("the answer is none of Prometheus's")),
            ("", 0.01, nil, .bad("the answer is none of Prometheus's")),
        ] as [(String, Double?, Double?, Measurement)])
    func `values of Prometheus must lie within the bounds`(
        body: String, below: Double?, above: Double?, found: Measurement
    ) {
        #expect(
            Measurement(prometheus: Array(body.utf8), below: below, above: above) == found)
    }

    private static func vector(_ values: String...) -> String {
        let series = values.map {
            #"{"metric":{"job":"api"},"value":[1435781451.781,""# + $0 + #""]}"#
        }
        return #"{"status":"success","data":{"resultType":"vector","result":["#
            + series.joined(separator: ",") + "]}}"
    }
}
