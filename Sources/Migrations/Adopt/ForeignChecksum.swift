internal import CZlib
internal import Crypto

/// The checksums that other tools keep, over the bytes of a file. Pure.
package enum ForeignChecksum {
    /// What became of comparing a file with its row.
    package enum Verdict: String, Sendable {
        /// The file is what the tool ran.
        case verified
        /// The file was changed since.
        case edited
        /// The tool keeps none, or one that cannot be worked out again.
        case unknown
    }

    /// Compares a file with the checksum in its row.
    ///
    /// - Parameters:
    ///   - recorded: as the table holds it; nil where it holds none.
    ///   - tool: whose it is.
    ///   - bytes: the file.
    /// - Returns: the verdict.
    package static func compare(
        _ recorded: String?, of tool: HistoryTool, with bytes: [UInt8]
    ) -> Verdict {
        guard let recorded, !recorded.isEmpty else { return .unknown }
        switch tool {
        case .flyway:
            return String(flyway(bytes)) == recorded ? .verified : .edited
        case .sqlx:
            return Checksum.hex(SHA384.hash(data: bytes)) == recorded.lowercased()
                ? .verified : .edited
        case .prisma:
            // Prisma accepts the same text with the line ends of another system.
            let texts = [bytes, lines(bytes, "\n"), lines(bytes, "\r\n")]
            return texts.contains { Checksum.hex(SHA256.hash(data: $0)) == recorded.lowercased() }
                ? .verified : .edited
        case .sqitch:
            return Checksum.hex(Insecure.SHA1.hash(data: bytes)) == recorded.lowercased()
                ? .verified : .edited
        default: return .unknown
        }
    }

    /// Flyway's: CRC-32 over the lines without their ends, a byte-order mark left out, as a signed
    /// number.
    package static func flyway(_ bytes: [UInt8]) -> Int32 {
        let text = Checksum.withoutByteOrderMark(bytes).filter { $0 != 0x0A && $0 != 0x0D }
        return Int32(truncatingIfNeeded: crc32_z(0, text, text.count))
    }

    private static func lines(_ bytes: [UInt8], _ end: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { continue }
            if byte == 0x0A { result += end.utf8 } else { result.append(byte) }
        }
        return result
    }
}
