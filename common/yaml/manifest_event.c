#include "yaml/manifest_event.h"

#include <string.h>

/* The first byte of an event: its kind, its style, and whether the whole struct follows. Otherwise
 * two numbers follow: the distance from the last event, and the length. */
enum { STYLE_SHIFT = 3, KIND_MASK = 7, WHOLE = 1 << 6 };

/* A number is written in bytes of seven bits, the lowest first. */
enum { DIGIT_BITS = 7, MORE = 1 << DIGIT_BITS };

static void write_number(struct buf *bytes, size_t number)
{
    for (; number >= MORE; number >>= DIGIT_BITS)
        buf_add_byte(bytes, (char)(unsigned char)(number | MORE));
    buf_add_byte(bytes, (char)number);
}

static size_t read_number(struct manifest_events *events, struct str bytes)
{
    size_t number = 0;
    for (unsigned shift = 0;; shift += DIGIT_BITS) {
        unsigned char byte = (unsigned char)bytes.data[events->read++];
        number |= (size_t)(byte & (MORE - 1)) << shift;
        if (byte < MORE)
            return number;
    }
}

/* Sets what follows from kind, style and position, if the text is as in the source. */
static void complete(const struct manifest_events *events, struct manifest_event *event)
{
    size_t quote = event->style == STYLE_SINGLE || event->style == STYLE_DOUBLE ? 1 : 0;
    event->text_at = event->start + quote;
    if (event->kind == EVENT_SCALAR)
        event->text = str_slice(events->source, event->text_at, event->end - quote);
}

/* True if complete() restores the event. */
static bool is_regular(const struct manifest_events *events, const struct manifest_event *event)
{
    struct manifest_event copy = {
        .kind = event->kind, .style = event->style, .start = event->start, .end = event->end};
    if (event->anchor.len || event->kind == EVENT_ALIAS || event->start < events->at ||
        event->end < event->start)
        return false;
    complete(events, &copy);
    return copy.text_at == event->text_at && copy.text.len == event->text.len &&
           (copy.text.len == 0 || copy.text.data == event->text.data);
}

void manifest_event_write(struct manifest_events *events, const struct manifest_event *event,
                          struct buf *bytes)
{
    bool regular = is_regular(events, event);
    unsigned first =
        (unsigned)event->kind | (unsigned)event->style << STYLE_SHIFT | (regular ? 0 : WHOLE);
    buf_add_byte(bytes, (char)first);
    if (regular) {
        write_number(bytes, event->start - events->at);
        write_number(bytes, event->end - event->start);
    } else {
        buf_add(bytes, (struct str){(const char *)event, sizeof *event});
    }
    events->at = event->end;
}

bool manifest_event_read(struct manifest_events *events, struct str bytes,
                         struct manifest_event *ret)
{
    if (events->read == bytes.len)
        return false;
    unsigned first = (unsigned char)bytes.data[events->read++];
    if (first & WHOLE) {
        memcpy(ret, bytes.data + events->read, sizeof *ret);
        events->read += sizeof *ret;
    } else {
        *ret = (struct manifest_event){.kind = first & KIND_MASK, .style = first >> STYLE_SHIFT};
        ret->start = events->at + read_number(events, bytes);
        ret->end = ret->start + read_number(events, bytes);
        complete(events, ret);
    }
    events->at = ret->end;
    return true;
}
