#ifndef CCURL_H
#define CCURL_H

#include <stddef.h>

/// What came back of a request.
typedef struct ccurl_answer {
    /// The status of the response, such as 200; 0 where none came.
    long status;
    /// The body's bytes; freed by ccurl_free.
    unsigned char *body;
    /// How many bytes it has.
    size_t length;
    /// Why no response came; empty where one did.
    char error[512];
} ccurl_answer;

/// Sends one request over HTTP or HTTPS and waits for the response. Opens libcurl on first use. Follows
/// no redirection, since a check is of the address that was given. Thread-safe.
///
/// - Parameter url: the address.
/// - Parameter body: the bytes to POST, or NULL for a GET.
/// - Parameter length: how many bytes there are to POST.
/// - Parameter content_type: a whole header line, `Content-Type: …`, or NULL.
/// - Parameter timeout: milliseconds for all of it.
/// - Parameter largest: bytes of a body beyond which the request fails.
/// - Parameter is_cancelled: asked now and then whether to give up; NULL for never.
/// - Parameter context: its argument.
/// - Parameter answer: filled in.
/// - Returns: 0 where a response came, whatever its status; 1 where it was cancelled; 2 otherwise.
int ccurl_request(const char *url, const char *body, size_t length, const char *content_type,
                  long timeout, size_t largest, int (*is_cancelled)(void *), void *context,
                  ccurl_answer *answer);

/// Frees what an answer holds.
void ccurl_free(ccurl_answer *answer);

#endif
