#include "format/unified_diff.h"

#include "base/diag.h"

enum { CONTEXT = 3 }; /* unchanged lines before and after changed ones */

/* Adjacent lines that differ. */
struct block {
    size_t start; /* of the lines in the text */
    size_t end;
    struct str text; /* the lines that replace them */
    struct str title;
};

struct differ {
    struct arena arena;
    struct str text;
    const struct text_change *changes;
    size_t count;
    const struct text_ranges *hidden;
    struct block *blocks;
    size_t block_count;
    size_t at;    /* `lines` is the number of lines before this offset */
    size_t lines; /* of the text */
    size_t new_lines;
    bool color;
};

/* Lines */

static bool begins_line(struct str text, size_t at)
{
    return at == 0 || text.data[at - 1] == '\n';
}

/* Returns the start of the line that contains an offset. */
static size_t line_start(struct str text, size_t at)
{
    while (!begins_line(text, at))
        at--;
    return at;
}

/* Returns the start of the line after an offset; the end of the text if there is none. */
static size_t next_line(struct str text, size_t at)
{
    size_t end = str_find(text, at, '\n');
    return end < text.len ? end + 1 : end;
}

/* Returns the first line with its newline, which the last line of a text may not have. */
static struct str first_line(struct str text)
{
    return str_slice(text, 0, next_line(text, 0));
}

static struct str last_line(struct str text)
{
    return text.len ? str_skip(text, line_start(text, text.len - 1)) : text;
}

static size_t count_lines(struct str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.len; at = next_line(text, at))
        count++;
    return count;
}

/* Blocks */

/* Removes the equal lines at the beginning and the end of a block. */
static void trim(struct block *block, struct str *old)
{
    while (old->len && str_equal(first_line(*old), first_line(block->text))) {
        size_t length = first_line(*old).len;
        *old = str_skip(*old, length);
        block->text = str_skip(block->text, length);
        block->start += length;
    }
    while (old->len && str_equal(last_line(*old), last_line(block->text))) {
        size_t length = last_line(*old).len;
        old->len -= length;
        block->text.len -= length;
        block->end -= length;
    }
}

static void add_block(struct differ *differ, struct block block)
{
    struct str old = str_slice(differ->text, block.start, block.end);
    trim(&block, &old);
    if (old.len == 0 && block.text.len == 0)
        return;
    differ->blocks = arena_grow(&differ->arena, differ->blocks, differ->block_count, sizeof block);
    differ->blocks[differ->block_count++] = block;
}

/* True if the next change is in another line than `end`, where the last one ended. */
static bool is_last_in_line(const struct differ *differ, size_t next, size_t end)
{
    if (next == differ->count)
        return true;
    struct str between = str_slice(differ->text, end, differ->changes[next].start);
    return str_find(between, 0, '\n') < between.len;
}

/* Makes a block of the changes from `next` on that are in the same line or in adjacent ones.
 * Returns the change after them. */
static size_t read_block(struct differ *differ, size_t next)
{
    const struct text_change *changes = differ->changes;
    struct block block = {.title = changes[next].title};
    struct buf lines = {0};
    block.start = line_start(differ->text, changes[next].start);
    block.end = block.start;
    do {
        buf_add(&lines, str_slice(differ->text, block.end, changes[next].start));
        buf_add(&lines, changes[next].text);
        block.end = changes[next++].end;
        bool is_complete =
            begins_line(differ->text, block.end) && begins_line(buf_str(&lines), lines.len);
        if (!is_complete && is_last_in_line(differ, next, block.end)) {
            size_t end = next_line(differ->text, block.end);
            buf_add(&lines, str_slice(differ->text, block.end, end));
            block.end = end;
        }
    } while (!is_last_in_line(differ, next, block.end));
    block.text = buf_take(&differ->arena, &lines);
    add_block(differ, block);
    return next;
}

/* Hunks */

static void add_colored(struct differ *differ, struct buf *out, const char *code, struct str text)
{
    if (differ->color)
        buf_format(out, "\033[%sm", code);
    buf_add(out, text);
    if (differ->color)
        buf_add(out, STR("\033[0m"));
}

/* Appends lines, each after `mark`. Returns their number. */
static size_t add_lines(struct differ *differ, struct buf *out, char mark, struct str text)
{
    static const char *const codes[] = {['+'] = "32", ['-'] = "31"};
    size_t count = 0;
    for (struct str line; text.len; text = str_skip(text, line.len), count++) {
        line = first_line(text);
        bool is_ended = str_ends_with(line, STR("\n"));
        struct str content = str_slice(line, 0, line.len - is_ended);
        if (mark == ' ') {
            buf_add_byte(out, mark);
            buf_add(out, content);
        } else {
            struct str marked = STR_JOIN(&differ->arena, (struct str){&mark, 1}, content);
            add_colored(differ, out, codes[(unsigned char)mark], marked);
        }
        buf_add(out, is_ended ? STR("\n") : STR("\n\\ No newline at end of file\n"));
    }
    return count;
}

/* True if the line that contains an offset is not context. */
static bool is_hidden(const struct differ *differ, size_t at)
{
    size_t low = 0;
    size_t high = differ->hidden->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (differ->hidden->items[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < differ->hidden->count && differ->hidden->items[low].start <= at;
}

/* Returns the end of the context after a block: at most `limit`. */
static size_t context_end(const struct differ *differ, size_t at, size_t limit)
{
    for (size_t i = 0; i < CONTEXT && at < limit && !is_hidden(differ, at); i++)
        at = next_line(differ->text, at);
    return at;
}

static size_t context_start(const struct differ *differ, size_t at, size_t lines)
{
    for (size_t i = 0; i < lines && at > 0 && !is_hidden(differ, at - 1); i++)
        at = line_start(differ->text, at - 1);
    return at;
}

/* True if the context of a block reaches that of the next one. */
static bool is_near(const struct differ *differ, const struct block *block)
{
    size_t end = context_end(differ, block->end, block[1].start);
    return context_end(differ, end, block[1].start) == block[1].start;
}

/* Appends the range of a hunk. An empty one is that of the line before it. */
static void add_range(struct buf *out, size_t lines, size_t count)
{
    buf_format(out, "%zu", count ? lines + 1 : lines);
    if (count != 1)
        buf_format(out, ",%zu", count);
}

/* Appends the hunk of some blocks. */
static void add_hunk(struct differ *differ, struct buf *out, const struct block *blocks,
                     size_t count)
{
    struct str text = differ->text;
    struct buf body = {0};
    struct buf titles = {0};
    size_t end = context_end(differ, blocks[count - 1].end, text.len);
    /* patch requires that a hunk with less context after it than before it is at the end. */
    size_t after =
        end < text.len ? count_lines(str_slice(text, blocks[count - 1].end, end)) : (size_t)CONTEXT;
    size_t start = context_start(differ, blocks[0].start, after);
    size_t unchanged = count_lines(str_slice(text, differ->at, start));
    size_t old = 0;
    size_t new = 0;
    size_t same = 0;
    size_t at = start;
    for (size_t i = 0; i < count; i++) {
        same += add_lines(differ, &body, ' ', str_slice(text, at, blocks[i].start));
        old += add_lines(differ, &body, '-', str_slice(text, blocks[i].start, blocks[i].end));
        new += add_lines(differ, &body, '+', blocks[i].text);
        at = blocks[i].end;
        if (i == 0 || !str_equal(blocks[i].title, blocks[i - 1].title))
            buf_add_joined(&titles, ", ", blocks[i].title);
    }
    same += add_lines(differ, &body, ' ', str_slice(text, at, end));
    differ->lines += unchanged;
    differ->new_lines += unchanged;
    struct buf header = {0};
    buf_add(&header, STR("@@ -"));
    add_range(&header, differ->lines, same + old);
    buf_add(&header, STR(" +"));
    add_range(&header, differ->new_lines, same + new);
    buf_add(&header, STR(" @@"));
    add_colored(differ, out, "36", buf_str(&header));
    if (titles.len)
        buf_add_byte(out, ' ');
    diag_add_visible(out, buf_str(&titles));
    buf_add_byte(out, '\n');
    buf_add(out, buf_str(&body));
    differ->at = end;
    differ->lines += same + old;
    differ->new_lines += same + new;
    buf_free(&header);
    buf_free(&titles);
    buf_free(&body);
}

static void add_file_line(struct differ *differ, struct buf *out, struct str mark, struct str name)
{
    add_colored(differ, out, "1", STR_JOIN(&differ->arena, mark, name));
    buf_add_byte(out, '\n');
}

void unified_diff(struct buf *out, struct str name, struct str text,
                  const struct text_change *changes, size_t count, const struct text_ranges *hidden,
                  bool color)
{
    struct differ differ = {
        .text = text, .changes = changes, .count = count, .hidden = hidden, .color = color};
    for (size_t next = 0; next < count;)
        next = read_block(&differ, next);
    if (differ.block_count) {
        add_file_line(&differ, out, STR("--- a/"), name);
        add_file_line(&differ, out, STR("+++ b/"), name);
    }
    for (size_t i = 0, end; i < differ.block_count; i = end) {
        end = i + 1;
        while (end < differ.block_count && is_near(&differ, &differ.blocks[end - 1]))
            end++;
        add_hunk(&differ, out, &differ.blocks[i], end - i);
    }
    arena_free(&differ.arena);
}
