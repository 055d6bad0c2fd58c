#include "manifest/session.h"

#include "config/usage.h"
#include "os/console.h"
#include "os/process.h"

bool session_open(struct session *session, const struct input_options *options, bool color,
                  bool quiet)
{
    struct render_result render_result;
    struct buf messages = {0};
    struct input_options render_options = *options;
    if (quiet && render_options.mode == READ_SERVICES)
        render_options.mode = READ_NAMES;
    bool ok = render_services(&render_options, color, session->arena, &render_result, &messages);
    if (ok && quiet) {
        messages.len = 0;
        usage_write_skipped(render_result.options, &messages);
    }
    console_print_messages(buf_str(&messages));
    buf_free(&messages);
    session->services = render_result.items;
    session->service_count = render_result.count;
    if (ok)
        process_watch_signals();
    return ok;
}

bool session_report(struct diags *diags, bool color)
{
    struct buf messages = {0};
    bool ok = diags->errors == 0 && !process_interrupted();
    diags_write(diags, &messages, color);
    console_print_messages(buf_str(&messages));
    buf_free(&messages);
    *diags = (struct diags){.arena = diags->arena};
    return ok;
}
