import Crypto
import Migrations
import Testing

/// The checksums of other tools, against values that were worked out elsewhere.
@Suite struct ForeignChecksumTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// CRC-32 of "123456789" is the check value of the algorithm's catalogue: 0xCBF43926.
    @Test func `Flyway's is CRC-32 over lines without their ends`() {
        let check = Int32(bitPattern: 0xCBF4_3926)
        #expect(ForeignChecksum.flyway(bytes("123456789")) == check)
        #expect(ForeignChecksum.flyway(bytes("123\n456\r\n789\n")) == check)
        #expect(ForeignChecksum.flyway([0xEF, 0xBB, 0xBF] + bytes("12345\n6789")) == check)
        #expect(ForeignChecksum.flyway([]) == 0)
        #expect(
            ForeignChecksum.compare(String(check), of: .flyway, with: bytes("123\n456789"))
                == .verified)
        #expect(
            ForeignChecksum.compare(String(check), of: .flyway, with: bytes("123 456789"))
                == .edited)
    }

    @Test func `sqlx's is SHA-384, Prisma's SHA-256 whatever the line ends, Sqitch's SHA-1`() {
        let abc = bytes("abc")
        let known: [(HistoryTool, String)] = [
            (
                .sqlx,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                    + "8086072ba1e7cc2358baeca134c825a7"
            ),
            (.prisma, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (.sqitch, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ]
        for (tool, digest) in known {
            #expect(ForeignChecksum.compare(digest, of: tool, with: abc) == .verified)
            #expect(ForeignChecksum.compare(digest, of: tool, with: bytes("abd")) == .edited)
        }
        let recorded = SHA256.hash(data: bytes("a\nb\n")).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        #expect(
            ForeignChecksum.compare(recorded, of: .prisma, with: bytes("a\r\nb\r\n")) == .verified)
    }

    @Test func `a checksum that is not there, or is of no known form, is unknown`() {
        #expect(ForeignChecksum.compare(nil, of: .flyway, with: []) == .unknown)
        #expect(ForeignChecksum.compare("9:abc", of: .liquibase, with: []) == .unknown)
        #expect(ForeignChecksum.compare("1", of: .dbmate, with: []) == .unknown)
    }
}
