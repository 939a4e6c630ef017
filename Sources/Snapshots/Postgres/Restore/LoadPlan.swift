internal import PostgresCatalog
internal import SnapshotFormat

/// The rows of one table that are loaded in one go.
struct LoadItem: Sendable {
    /// The table's place in the catalog.
    let table: Int
    let slices: [Slice]
    /// Whether these are all rows of the table, so that the same transaction may truncate it and
    /// load frozen rows.
    let isWhole: Bool
}

/// What one session loads before it asks for more.
struct LoadUnit: Sendable {
    var items: [LoadItem]
    var bytes: Int64
}

/// How the rows of a snapshot are shared among sessions.
enum LoadPlan {
    /// A table of more bytes is loaded by several sessions, where it is much of the whole: loaded by
    /// one, its rows are frozen.
    private static let splitBytes: Int64 = 48 * 1024 * 1024
    /// What one statement loads of such a table, so that short chunks cost no round trips.
    private static let stretchBytes: Int64 = 16 * 1024 * 1024

    /// The units, the largest first. Tables that share a chunk are one, so that it is read once.
    static func units(_ parts: [(table: Int, part: Part)], jobs: Int) -> [LoadUnit] {
        let total = parts.reduce(0) { $0 + $1.part.bytes }
        let splitBytes = max(splitBytes, total / Int64(4 * jobs))
        var units: [LoadUnit] = []
        var sharing: [ContentDigest: LoadUnit] = [:]
        for (table, part) in parts where !part.slices.isEmpty {
            let whole = LoadItem(table: table, slices: part.slices, isWhole: true)
            let first = part.slices[0].chunk
            if part.slices.count == 1, part.bytes < first.bytes {
                sharing[first.digest, default: LoadUnit(items: [], bytes: 0)].items.append(whole)
                sharing[first.digest]?.bytes += part.bytes
            } else if jobs > 1, part.bytes > splitBytes,
                part.properties["loads_through"]?.texts?.isEmpty == true
            {
                units += stretches(part).map { slices in
                    LoadUnit(
                        items: [LoadItem(table: table, slices: slices, isWhole: false)],
                        bytes: part.bytes)
                }
            } else {
                units.append(LoadUnit(items: [whole], bytes: part.bytes))
            }
        }
        units += sharing.values
        // The stretches of one table stay in their order: equal lengths keep theirs.
        return units.enumerated().sorted {
            ($1.element.bytes, $0.offset) < ($0.element.bytes, $1.offset)
        }.map(\.element)
    }

    /// The slices of a table in runs of about the same length, each of which one statement can load:
    /// whole streams, and of binary data one, which has a header.
    private static func stretches(_ part: Part) -> [[Slice]] {
        let streams = streams(part.slices)
        guard part.properties["format"]?.text != "binary" else { return streams }
        var stretches: [[Slice]] = []
        var room: Int64 = 0
        for stream in streams {
            let bytes = stream.reduce(0) { $0 + $1.length }
            if room < bytes {
                stretches.append([])
                room = stretchBytes
            }
            stretches[stretches.count - 1] += stream
            room -= bytes
        }
        return stretches
    }

    /// Slices by the streams that they belong to.
    static func streams(_ slices: [Slice]) -> [[Slice]] {
        var streams: [[Slice]] = []
        for slice in slices {
            if slice.continues, !streams.isEmpty {
                streams[streams.count - 1].append(slice)
            } else {
                streams.append([slice])
            }
        }
        return streams
    }
}
