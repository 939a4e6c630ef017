// One request through libcurl, which is resolved with dlopen on first use: a run that makes no
// request neither needs libcurl installed nor pays for loading it and the libraries behind it.
#include "CCurl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The header wraps these in macros that check types.
#undef curl_easy_setopt
#undef curl_easy_getinfo

// What is used of libcurl: X(result, name, parameters).
#define CCURL_FUNCTIONS(X)                                                                         \
    X(CURLcode, curl_global_init, (long flags))                                                    \
    X(CURL *, curl_easy_init, (void))                                                              \
    X(CURLcode, curl_easy_setopt, (CURL * handle, CURLoption option, ...))                         \
    X(CURLcode, curl_easy_perform, (CURL * handle))                                                \
    X(CURLcode, curl_easy_getinfo, (CURL * handle, CURLINFO info, ...))                            \
    X(const char *, curl_easy_strerror, (CURLcode code))                                           \
    X(void, curl_easy_cleanup, (CURL * handle))                                                    \
    X(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text))        \
    X(void, curl_slist_free_all, (struct curl_slist * list))

static struct {
#define MEMBER(result, name, parameters) result(*name) parameters;
    CCURL_FUNCTIONS(MEMBER)
#undef MEMBER
} lib;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[512];

#ifdef __APPLE__
static const char *const library_names[] = {"libcurl.4.dylib"};
#else
static const char *const library_names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
#endif

// A pointer to a function may not be cast from one to an object in ISO C; its bytes may be copied.
static int resolve(void *library, const char *name, void *slot) {
    void *symbol = dlsym(library, name);
    if (!symbol) {
        snprintf(failure, sizeof failure, "the installed libcurl has no %s", name);
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
        snprintf(failure, sizeof failure, "libcurl is not installed (libcurl4 on Debian)");
        return;
    }
#define RESOLVE(result, name, parameters)                                                          \
    if (!resolve(library, #name, &lib.name)) return;
    CCURL_FUNCTIONS(RESOLVE)
#undef RESOLVE
    if (lib.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        snprintf(failure, sizeof failure, "libcurl does not start");
}

struct sink {
    ccurl_answer *answer;
    size_t largest;
};

static size_t receive(char *bytes, size_t size, size_t count, void *context) {
    struct sink *sink = context;
    size_t length = size * count;
    if (length > sink->largest - sink->answer->length) return 0;
    unsigned char *body = realloc(sink->answer->body, sink->answer->length + length + 1);
    if (!body) return 0;
    memcpy(body + sink->answer->length, bytes, length);
    sink->answer->body = body;
    sink->answer->length += length;
    return length;
}

struct watch {
    int (*is_cancelled)(void *);
    void *context;
};

static int progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)a, (void)b, (void)c, (void)d;
    struct watch *watch = context;
    return watch->is_cancelled && watch->is_cancelled(watch->context);
}

int ccurl_request(const char *url, const char *body, size_t length, const char *content_type,
                  long timeout, size_t largest, int (*is_cancelled)(void *), void *context,
                  ccurl_answer *answer) {
    memset(answer, 0, sizeof *answer);
    pthread_once(&once, load);
    CURL *handle = failure[0] ? NULL : lib.curl_easy_init();
    if (!handle) {
        snprintf(answer->error, sizeof answer->error, "%s",
                 failure[0] ? failure : "libcurl does not start");
        return 2;
    }
    struct sink sink = {answer, largest};
    struct watch watch = {is_cancelled, context};
    struct curl_slist *headers = content_type ? lib.curl_slist_append(NULL, content_type) : NULL;
    lib.curl_easy_setopt(handle, CURLOPT_URL, url);
    lib.curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    lib.curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
    // The numbers of the protocols: the option that takes their names is younger than libraries in use.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    lib.curl_easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#pragma GCC diagnostic pop
    lib.curl_easy_setopt(handle, CURLOPT_USERAGENT, "migrate");
    lib.curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive);
    lib.curl_easy_setopt(handle, CURLOPT_WRITEDATA, &sink);
    lib.curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, answer->error);
    lib.curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    lib.curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress);
    lib.curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &watch);
    if (headers) lib.curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    if (body) {
        lib.curl_easy_setopt(handle, CURLOPT_POST, 1L);
        lib.curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
        lib.curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body);
    }
    CURLcode code = lib.curl_easy_perform(handle);
    if (code == CURLE_OK) {
        lib.curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status);
        answer->error[0] = 0;
    } else if (code == CURLE_WRITE_ERROR) {
        snprintf(answer->error, sizeof answer->error, "the response is too large");
    } else if (!answer->error[0]) {
        snprintf(answer->error, sizeof answer->error, "%s", lib.curl_easy_strerror(code));
    }
    if (headers) lib.curl_slist_free_all(headers);
    lib.curl_easy_cleanup(handle);
    return code == CURLE_OK ? 0 : code == CURLE_ABORTED_BY_CALLBACK ? 1 : 2;
}

void ccurl_free(ccurl_answer *answer) {
    free(answer->body);
    answer->body = NULL;
    answer->length = 0;
}
