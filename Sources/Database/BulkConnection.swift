/// A connection that carries the rows of whole tables, by PostgreSQL's COPY.
///
/// Rows pass through as the server sends and takes them: no value is decoded. What their bytes mean
/// is up to the statement, which should name its `FORMAT` and `ENCODING`.
///
/// Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
package protocol BulkConnection: Connection {
    /// Runs one `COPY … TO STDOUT` and hands over each message of its data as it arrives: in text
    /// one row with its line end, in binary one row, the first perhaps with the header before it.
    ///
    /// - Parameters:
    ///   - sql: the statement.
    ///   - receive: called on this thread; the bytes are valid until it returns. Where it throws,
    ///     the statement is cancelled and the connection is ready for the next one.
    /// - Returns: how many rows there were.
    /// - Throws: `DatabaseError`; what `receive` throws.
    func copyOut(
        _ sql: String, receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int64

    /// Runs one `COPY … FROM STDIN`.
    ///
    /// - Parameters:
    ///   - sql: the statement.
    ///   - next: called on this thread for the next piece of data, cut wherever; nil ends it. Where
    ///     it throws, the statement fails and the connection is ready for the next one.
    /// - Returns: how many rows were loaded.
    /// - Throws: `DatabaseError`; what `next` throws.
    func copyIn(_ sql: String, next: () throws -> [UInt8]?) throws -> Int64
}
