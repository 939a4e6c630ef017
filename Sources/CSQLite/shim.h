#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

#include <sqlite3.h>

/// SQLITE_TRANSIENT is a cast that Swift does not import: SQLite copies the bytes before it returns.
static inline sqlite3_destructor_type csqlite_transient(void) { return SQLITE_TRANSIENT; }

/// sqlite3_error_offset came with 3.38; before it nothing tells where in the text an error is.
static inline int csqlite_error_offset(sqlite3 *database) {
#if SQLITE_VERSION_NUMBER >= 3038000
    return sqlite3_error_offset(database);
#else
    (void)database;
    return -1;
#endif
}

/// Reads from the main database's file through SQLite's own handle: opening and closing the file anew
/// would drop the locks that this process holds (howtocorrupt.html, section 2.2). Bytes behind the
/// file's end are zero.
static inline int csqlite_file_read(sqlite3 *database, void *bytes, int count, sqlite3_int64 at) {
    sqlite3_file *file = 0;
    int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    if (!file || !file->pMethods) return SQLITE_MISUSE;
    code = file->pMethods->xRead(file, bytes, count, at);
    return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
}

/// The length of the main database's file.
static inline int csqlite_file_size(sqlite3 *database, sqlite3_int64 *size) {
    sqlite3_file *file = 0;
    int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    if (!file || !file->pMethods) return SQLITE_MISUSE;
    return file->pMethods->xFileSize(file, size);
}

#endif
