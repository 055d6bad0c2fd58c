/* Finds directives in snippets of nginx that may restrict who can send requests. nginx and its
 * modules have hundreds of directives, so all count except those that only change responses, logs,
 * buffers and timeouts. Syntax: ngx_conf_read_token() of nginx. */
#include "convert/model.h"

#include <string.h>

/* Names that end in `*` stand for all directives that begin so. `if` has a block, which counts. */
static word_list harmless = {"access_log",
                             "add_header",
                             "add_trailer",
                             "brotli*",
                             "charset",
                             "client_body_buffer_size",
                             "client_body_timeout",
                             "client_header_timeout",
                             "client_max_body_size",
                             "error_log",
                             "etag",
                             "expires",
                             "gzip*",
                             "if",
                             "keepalive_*",
                             "large_client_header_buffers",
                             "log_not_found",
                             "more_clear_headers",
                             "more_set_headers",
                             "proxy_buffer*",
                             "proxy_busy_buffers_size",
                             "proxy_connect_timeout",
                             "proxy_hide_header",
                             "proxy_max_temp_file_size",
                             "proxy_next_upstream*",
                             "proxy_pass_header",
                             "proxy_read_timeout",
                             "proxy_request_buffering",
                             "proxy_send_timeout",
                             "send_timeout",
                             "server_tokens",
                             "sub_filter*",
                             "tcp_nodelay",
                             "tcp_nopush",
                             NULL};

static bool is_harmless(struct str name)
{
    for (size_t i = 0; harmless[i]; i++) {
        struct str known = str_from_c(harmless[i]);
        bool is_prefix = str_ends_with(known, STR("*"));
        known.len -= is_prefix;
        if (is_prefix ? str_starts_with(name, known) : str_equal(name, known))
            return true;
    }
    return false;
}

static bool is_one_of(char byte, const char *bytes)
{
    return byte && strchr(bytes, byte);
}

/* Skips spaces and comments. */
static struct str skip_blank(struct str text)
{
    while (text.len) {
        if (text.data[0] == '#')
            text = str_skip(text, str_find(text, 0, '\n'));
        else if (is_one_of(text.data[0], " \t\r\n"))
            text = str_skip(text, 1);
        else
            break;
    }
    return text;
}

/* Returns the length of the token at the start of the text: a quoted or plain word, or one of `;`,
 * `{` and `}`. */
static size_t token_length(struct str text)
{
    char first = text.data[0];
    bool quoted = first == '"' || first == '\'';
    size_t end = 1;
    if (is_one_of(first, ";{}"))
        return end;
    for (; end < text.len; end++) {
        char byte = text.data[end];
        if (quoted ? byte == first
                   : is_one_of(byte, " \t\r\n;") || (byte == '{' && text.data[end - 1] != '$'))
            break;
        end += byte == '\\' && end + 1 < text.len;
    }
    return quoted && end < text.len ? end + 1 : end;
}

struct str snippet_find_access(struct str snippet)
{
    bool starts = true;
    for (struct str rest = skip_blank(snippet); rest.len;) {
        struct str token = str_slice(rest, 0, token_length(rest));
        bool ends = is_one_of(token.data[0], ";{}");
        if (starts && !ends && !is_harmless(token))
            return token;
        starts = ends;
        rest = skip_blank(str_skip(rest, token.len));
    }
    return STR("");
}
