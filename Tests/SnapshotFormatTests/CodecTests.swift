import Foundation
import SnapshotFormat
import TestSupport
import Testing

/// The codecs against themselves, against damage, and against the programs that everyone has.
@Suite struct CodecTests {
    static let samples: [[UInt8]] = [
        [0], Array(repeating: 7, count: 100_000),
        (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 7) },
    ]

    @Test(arguments: Codec.allCases)
    func `what is compressed comes out again, within the limit of the stored length`(
        _ codec: Codec
    ) throws {
        for bytes in Self.samples {
            let stored = try codec.compress(bytes)
            #expect(stored.count <= codec.maximumStoredBytes(bytes.count))
            #expect(try codec.decompress(stored, count: bytes.count) == bytes)
            #expect(try codec.compress(bytes) == stored)
        }
    }

    @Test(arguments: Codec.allCases)
    func `a stream that holds more or less than announced is refused`(_ codec: Codec) throws {
        let bomb = try codec.compress(Array(repeating: 0, count: 50_000_000))
        #expect(bomb.count < 100_000)
        #expect(throws: FormatError.self) { try codec.decompress(bomb, count: 1000) }
        #expect(throws: FormatError.self) { try codec.decompress(bomb, count: 60_000_000) }
        let stored = try codec.compress([1, 2, 3])
        #expect(throws: FormatError.self) { try codec.decompress(stored, count: 2) }
        #expect(throws: FormatError.self) { try codec.decompress(stored + [0], count: 3) }
        for length in stored.indices {
            #expect(throws: FormatError.self) {
                try codec.decompress(Array(stored[..<length]), count: 3)
            }
        }
    }

    @Test(arguments: Codec.allCases)
    func `a chunk tells every flipped bit`(_ codec: Codec) throws {
        let bytes = Array("some text that is a little longer, longer, longer".utf8)
        let stored = try codec.compress(bytes)
        let chunk = Chunk(
            digest: ContentDigest(of: bytes), bytes: Int64(bytes.count), codec: codec,
            storedDigest: ContentDigest(of: stored), storedBytes: Int64(stored.count))
        #expect(try chunk.content(of: stored) == bytes)
        for index in stored.indices {
            for bit in 0..<8 {
                var damaged = stored
                damaged[index] ^= 1 << bit
                #expect(throws: FormatError.self) { try chunk.content(of: damaged) }
            }
        }
    }

    @Test func `gzip's own program opens a chunk`() throws {
        let folder = try TemporaryFolder()
        let bytes = Self.samples[2]
        let path = try folder.write(Codec.gzip.compress(bytes), to: "chunk.gz")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(Array(output) == bytes)
    }

    @Test func `the digest is SHA-256`() {
        #expect(
            ContentDigest(of: Array("abc".utf8)).hex
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        var hasher = ContentHasher()
        hasher.update(Array("a".utf8))
        hasher.update(Array("bc".utf8))
        #expect(hasher.finish() == ContentDigest(of: Array("abc".utf8)))
    }
}
