#ifndef CLIBPQ_H
#define CLIBPQ_H

// The declarations of libpq's own header. The functions of that name which the program links are
// the forwarders in loader.c: they open libpq on first use, so that a run on SQLite neither needs
// libpq installed nor pays for loading it and the libraries behind it.
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#elif __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#elif __has_include(<pgsql/libpq-fe.h>)
#include <pgsql/libpq-fe.h>
#else
#error "libpq-fe.h was not found: install libpq-dev (Debian, Ubuntu), libpq-devel (Fedora) or libpq (Homebrew)"
#endif

/// Opens libpq if that was not done yet.
///
/// Every PQ… function calls it and answers 0, NULL or nothing where it fails, so a caller that
/// wants to say why asks here first. Thread-safe.
///
/// - Parameter error: set to a text that lives as long as the process, or to NULL.
/// - Returns: 0 when libpq is there with all that is needed of it (version 14 or later).
int clibpq_load(const char **error);

// The field codes of PQresultErrorField are macros of character literals, which Swift does not
// import. Source: https://www.postgresql.org/docs/current/libpq-exec.html#LIBPQ-PQRESULTERRORFIELD

/// ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO or LOG, never translated.
static inline int clibpq_diag_severity(void) { return PG_DIAG_SEVERITY_NONLOCALIZED; }
/// The SQLSTATE, five characters.
static inline int clibpq_diag_sqlstate(void) { return PG_DIAG_SQLSTATE; }
/// The primary message.
static inline int clibpq_diag_message(void) { return PG_DIAG_MESSAGE_PRIMARY; }
/// DETAIL.
static inline int clibpq_diag_detail(void) { return PG_DIAG_MESSAGE_DETAIL; }
/// HINT.
static inline int clibpq_diag_hint(void) { return PG_DIAG_MESSAGE_HINT; }
/// Position in the statement: characters, from 1.
static inline int clibpq_diag_position(void) { return PG_DIAG_STATEMENT_POSITION; }
/// CONTEXT: the call stack of functions.
static inline int clibpq_diag_context(void) { return PG_DIAG_CONTEXT; }
/// The schema that holds the object of the error.
static inline int clibpq_diag_schema(void) { return PG_DIAG_SCHEMA_NAME; }
/// The table.
static inline int clibpq_diag_table(void) { return PG_DIAG_TABLE_NAME; }
/// The column.
static inline int clibpq_diag_column(void) { return PG_DIAG_COLUMN_NAME; }
/// The data type.
static inline int clibpq_diag_datatype(void) { return PG_DIAG_DATATYPE_NAME; }
/// The constraint.
static inline int clibpq_diag_constraint(void) { return PG_DIAG_CONSTRAINT_NAME; }

#endif
