// Forwarders of libpq's names, resolved with dlopen on first use.
//
// They are hidden: libpq calls its own functions through the dynamic symbol table, and must not
// find these there in the place of its own.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#pragma GCC visibility push(hidden)
#include "CLibPQ.h"

// What is used of libpq, one line a function: X(result, name, parameters, arguments).
#define CLIBPQ_FUNCTIONS(X)                                                                        \
    X(int, PQlibVersion, (void), ())                                                               \
    X(PQconninfoOption *, PQconndefaults, (void), ())                                              \
    X(PQconninfoOption *, PQconninfoParse, (const char *text, char **error), (text, error))        \
    X(PGconn *, PQconnectStartParams,                                                              \
      (const char *const *keywords, const char *const *values, int expand),                        \
      (keywords, values, expand))                                                                  \
    X(PostgresPollingStatusType, PQconnectPoll, (PGconn * conn), (conn))                           \
    X(int, PQconnectionNeedsPassword, (const PGconn *conn), (conn))                                \
    X(ConnStatusType, PQstatus, (const PGconn *conn), (conn))                                      \
    X(PGTransactionStatusType, PQtransactionStatus, (const PGconn *conn), (conn))                  \
    X(const char *, PQparameterStatus, (const PGconn *conn, const char *name), (conn, name))       \
    X(int, PQserverVersion, (const PGconn *conn), (conn))                                          \
    X(int, PQbackendPID, (const PGconn *conn), (conn))                                             \
    X(int, PQsocket, (const PGconn *conn), (conn))                                                 \
    X(int, PQsslInUse, (PGconn * conn), (conn))                                                    \
    X(const char *, PQsslAttribute, (PGconn * conn, const char *name), (conn, name))               \
    X(int, PQgssEncInUse, (PGconn * conn), (conn))                                                 \
    X(char *, PQhost, (const PGconn *conn), (conn))                                                \
    X(char *, PQhostaddr, (const PGconn *conn), (conn))                                            \
    X(char *, PQport, (const PGconn *conn), (conn))                                                \
    X(char *, PQdb, (const PGconn *conn), (conn))                                                  \
    X(char *, PQuser, (const PGconn *conn), (conn))                                                \
    X(char *, PQpass, (const PGconn *conn), (conn))                                                \
    X(char *, PQerrorMessage, (const PGconn *conn), (conn))                                        \
    X(PGVerbosity, PQsetErrorVerbosity, (PGconn * conn, PGVerbosity verbosity), (conn, verbosity)) \
    X(PQnoticeReceiver, PQsetNoticeReceiver,                                                       \
      (PGconn * conn, PQnoticeReceiver receiver, void *context), (conn, receiver, context))        \
    X(int, PQsetnonblocking, (PGconn * conn, int on), (conn, on))                                  \
    X(int, PQflush, (PGconn * conn), (conn))                                                       \
    X(int, PQconsumeInput, (PGconn * conn), (conn))                                                \
    X(int, PQisBusy, (PGconn * conn), (conn))                                                      \
    X(int, PQsendQuery, (PGconn * conn, const char *sql), (conn, sql))                             \
    X(int, PQsendQueryParams,                                                                      \
      (PGconn * conn, const char *sql, int count, const Oid *types, const char *const *values,     \
       const int *lengths, const int *formats, int result),                                        \
      (conn, sql, count, types, values, lengths, formats, result))                                 \
    X(int, PQsetSingleRowMode, (PGconn * conn), (conn))                                            \
    X(int, PQenterPipelineMode, (PGconn * conn), (conn))                                           \
    X(int, PQexitPipelineMode, (PGconn * conn), (conn))                                            \
    X(int, PQpipelineSync, (PGconn * conn), (conn))                                                \
    X(int, PQsendFlushRequest, (PGconn * conn), (conn))                                            \
    X(PGresult *, PQgetResult, (PGconn * conn), (conn))                                            \
    X(ExecStatusType, PQresultStatus, (const PGresult *result), (result))                          \
    X(char *, PQresultErrorMessage, (const PGresult *result), (result))                            \
    X(char *, PQresultErrorField, (const PGresult *result, int field), (result, field))            \
    X(int, PQntuples, (const PGresult *result), (result))                                          \
    X(int, PQnfields, (const PGresult *result), (result))                                          \
    X(char *, PQfname, (const PGresult *result, int column), (result, column))                     \
    X(char *, PQgetvalue, (const PGresult *result, int row, int column), (result, row, column))    \
    X(int, PQgetlength, (const PGresult *result, int row, int column), (result, row, column))      \
    X(int, PQgetisnull, (const PGresult *result, int row, int column), (result, row, column))      \
    X(char *, PQcmdStatus, (PGresult * result), (result))                                          \
    X(char *, PQcmdTuples, (PGresult * result), (result))                                          \
    X(int, PQputCopyData, (PGconn * conn, const char *bytes, int count), (conn, bytes, count))     \
    X(int, PQputCopyEnd, (PGconn * conn, const char *error), (conn, error))                        \
    X(int, PQgetCopyData, (PGconn * conn, char **row, int async), (conn, row, async))              \
    X(PGcancel *, PQgetCancel, (PGconn * conn), (conn))                                            \
    X(int, PQcancel, (PGcancel * cancel, char *error, int size), (cancel, error, size))

// The same for functions that return nothing: X(name, parameters, arguments).
#define CLIBPQ_PROCEDURES(X)                                                                       \
    X(PQfinish, (PGconn * conn), (conn))                                                           \
    X(PQclear, (PGresult * result), (result))                                                      \
    X(PQfreemem, (void *memory), (memory))                                                         \
    X(PQfreeCancel, (PGcancel * cancel), (cancel))                                                 \
    X(PQconninfoFree, (PQconninfoOption * options), (options))

static struct {
#define MEMBER(result, name, parameters, arguments) result(*name) parameters;
    CLIBPQ_FUNCTIONS(MEMBER)
#undef MEMBER
#define MEMBER(name, parameters, arguments) void(*name) parameters;
    CLIBPQ_PROCEDURES(MEMBER)
#undef MEMBER
} libpq;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[512];

#ifdef __APPLE__
static const char *const library_names[] = {
    "libpq.5.dylib", "/opt/homebrew/opt/libpq/lib/libpq.5.dylib",
    "/usr/local/opt/libpq/lib/libpq.5.dylib"};
#else
static const char *const library_names[] = {"libpq.so.5"};
#endif

// A pointer to a function may not be cast from one to an object in ISO C; its bytes may be copied.
static int resolve(void *library, const char *name, void *slot) {
    void *symbol = dlsym(library, name);
    if (!symbol) {
        snprintf(failure, sizeof failure, "the installed libpq has no %s", name);
        return 0;
    }
    memcpy(slot, &symbol, sizeof symbol);
    return 1;
}

static void load(void) {
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof library_names / sizeof *library_names; i++)
        library = dlopen(library_names[i], RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        const char *reason = dlerror();
        snprintf(failure, sizeof failure, "%s", reason ? reason : "libpq was not found");
        return;
    }
#define RESOLVE(result, name, parameters, arguments)                                               \
    if (!resolve(library, #name, &libpq.name)) return;
    CLIBPQ_FUNCTIONS(RESOLVE)
#undef RESOLVE
#define RESOLVE(name, parameters, arguments)                                                       \
    if (!resolve(library, #name, &libpq.name)) return;
    CLIBPQ_PROCEDURES(RESOLVE)
#undef RESOLVE
}

int clibpq_load(const char **error) {
    pthread_once(&once, load);
    if (error) *error = failure[0] ? failure : NULL;
    return failure[0] ? -1 : 0;
}

#define DEFINE(result, name, parameters, arguments)                                                \
    result name parameters {                                                                       \
        if (clibpq_load(NULL) != 0) return (result)0;                                              \
        return libpq.name arguments;                                                               \
    }
CLIBPQ_FUNCTIONS(DEFINE)
#undef DEFINE
#define DEFINE(name, parameters, arguments)                                                        \
    void name parameters {                                                                         \
        if (clibpq_load(NULL) == 0) libpq.name arguments;                                          \
    }
CLIBPQ_PROCEDURES(DEFINE)
#undef DEFINE
#pragma GCC visibility pop
