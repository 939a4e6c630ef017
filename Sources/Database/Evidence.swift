/// A place in a file, for what a check or a migration has to say of it.
package struct FilePlace: Sendable, Hashable {
    /// The file's path as it is shown.
    package var file: String
    /// From 1.
    package var line: Int
    /// From 1, in characters.
    package var column: Int

    /// Creates a place.
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// Rows that show what is wrong: a few of them, and how many there are.
package struct RowSample: Sendable, Hashable {
    /// The columns' names; two may be the same.
    package var columns: [String]
    /// Some of the rows, values as text; nil is NULL.
    package var values: [[String?]]
    /// How many rows there are.
    package var count: Int

    /// Creates a sample.
    package init(columns: [String], values: [[String?]], count: Int) {
        self.columns = columns
        self.values = values
        self.count = count
    }
}
