#include "cli/help.h"

#include "base/wrap.h"
#include "cli/default_file.h"
#include "os/console.h"

#include <string.h>

const char *const command_group_titles[GROUP_COUNT] = {
    [GROUP_DEPLOY] = "Deploy", [GROUP_INSPECT] = "Inspect", [GROUP_SECRETS] = "Secrets",
    [GROUP_IMAGES] = "Images", [GROUP_FILES] = "Files",     [GROUP_CHARTS] = "Charts",
    [GROUP_OTHER] = "Other",
};

const char *const flag_section_titles[FLAG_SECTION_COUNT] = {
    [FLAGS_OWN] = "Flags",
    [FLAGS_COMMON] = "Common flags",
    [FLAGS_OF_KUBECTL] = "Flags passed to kubectl",
};

/* Where descriptions begin: after the names, or on a narrow terminal below them. */
enum { COMMAND_COLUMNS = 19, FLAG_COLUMNS = 30, NARROW_WIDTH = 60, NARROW_COLUMNS = 8 };

static size_t help_width(void)
{
    enum { DEFAULT_WIDTH = 80 };
    size_t columns = console_columns();
    return columns ? columns : DEFAULT_WIDTH;
}

enum flag_section flag_section(enum flag_id id)
{
    if (flag_list_has(FLAG_LIST(FLAGS_KUBECTL), id))
        return FLAGS_OF_KUBECTL;
    return flag_list_has(FLAG_LIST(FLAGS_RENDER, FLAG_COLOR, FLAG_HELP), id) ? FLAGS_COMMON
                                                                             : FLAGS_OWN;
}

/* Appends the description of a flag, with the values and the default of --output. */
static void add_flag_text(struct buf *out, enum flag_id id, const struct command *command)
{
    bool own_help = id == FLAG_OUTPUT && command->output_help;
    buf_add(out, str_from_c(own_help ? command->output_help : flag_table[id].help));
    if (id == FLAG_OUTPUT && !command->outputs[1])
        buf_format(out, ": %s", command->outputs[0]);
    for (size_t i = 0; id == FLAG_OUTPUT && command->outputs[1] && command->outputs[i]; i++)
        buf_format(out, "%s%s", i ? ", " : "; one of: ", command->outputs[i]);
    if (id == FLAG_OUTPUT && command->output_default)
        buf_format(out, " (default: %s)", command->output_default);
    else if (id == FLAG_FILENAME && command_has_default_file(command))
        buf_add(out, STR(" (default: optasvc.yaml)"));
    else if (flag_list_has(command->required, id))
        buf_add(out, STR(" (required)"));
}

/* Appends spaces up to a column, on the next line if the text before it is too long. */
static void add_column(struct buf *out, size_t start, size_t column)
{
    size_t used = out->len - start;
    if (help_width() < NARROW_WIDTH)
        column = NARROW_COLUMNS;
    if (used + 2 > column) {
        buf_add_byte(out, '\n');
        used = 0;
    }
    buf_add_spaces(out, column - used);
}

static void add_flag(struct buf *out, enum flag_id id, const struct command *command, size_t width)
{
    const struct flag *flag = &flag_table[id];
    struct buf text = {0};
    size_t start = out->len;
    if (flag->short_name)
        buf_format(out, "  -%c, --%s", flag->short_name, flag->name);
    else
        buf_format(out, "      --%s", flag->name);
    if (flag->argument)
        buf_format(out, flag->type == FLAG_TYPE_CHOICE ? "[=%s]" : " %s", flag->argument);
    add_column(out, start, FLAG_COLUMNS);
    add_flag_text(&text, id, command);
    wrap_add(out, buf_str(&text), width);
    buf_add_byte(out, '\n');
    buf_free(&text);
}

/* Appends the flags of one section; nothing if there are none. Own flags are in the order of the
 * command's list, others in that of the table. */
static void add_section(struct buf *out, const struct command *command, enum flag_section section,
                        size_t width)
{
    size_t title = out->len;
    buf_format(out, "\n%s:\n", flag_section_titles[section]);
    size_t start = out->len;
    const enum flag_id *own = section == FLAGS_OWN ? command->flags : NULL;
    for (; own && *own != FLAG_COUNT; own++)
        if (flag_section(*own) == section)
            add_flag(out, *own, command, width);
    for (enum flag_id i = 0; section != FLAGS_OWN && i < FLAG_COUNT; i++)
        if (command_has_flag(command, i) && flag_section(i) == section)
            add_flag(out, i, command, width);
    if (out->len == start)
        out->len = title;
}

static void add_usage(struct buf *out, const struct program *program, const struct command *command)
{
    buf_format(out, "\nUsage: %s", program->name);
    if (!program->single)
        buf_format(out, " %s", command->name);
    for (const enum flag_id *id = command->required; id && *id != FLAG_COUNT; id++) {
        const struct flag *flag = &flag_table[*id];
        if (*id == FLAG_FILENAME && command_has_default_file(command))
            buf_format(out, " [-%c %s]", flag->short_name, flag->argument);
        else if (flag->short_name)
            buf_format(out, " -%c %s", flag->short_name, flag->argument);
        else
            buf_format(out, " --%s %s", flag->name, flag->argument);
    }
    if (command->arguments)
        buf_format(out, " %s", command->arguments);
    buf_add(out, STR(" [flags]\n"));
}

static void add_details(struct buf *out, const struct command *command, size_t width)
{
    struct str paragraph;
    struct str details = str_from_c(command->details);
    for (size_t at = 0; str_next_line(details, &at, &paragraph);) {
        buf_add_byte(out, '\n');
        wrap_add(out, paragraph, width);
        buf_add_byte(out, '\n');
    }
}

static void add_examples(struct buf *out, const struct command *command)
{
    for (const struct example *each = command->examples; each && each->comment; each++) {
        buf_format(out, "%s\n  # %s\n", each == command->examples ? "\nExamples:" : "",
                   each->comment);
        struct str line;
        struct str lines = str_from_c(each->command);
        for (size_t at = 0; str_next_line(lines, &at, &line);)
            buf_format(out, "  %.*s\n", STR_ARG(line));
    }
}

static void add_command_help(struct buf *out, const struct program *program,
                             const struct command *command)
{
    size_t width = help_width();
    wrap_add(out, str_from_c(command->summary), width);
    buf_add_byte(out, '\n');
    add_usage(out, program, command);
    add_details(out, command, width);
    add_examples(out, command);
    for (enum flag_section section = 0; section < FLAG_SECTION_COUNT; section++)
        add_section(out, command, section, width);
}

static void add_summary(struct buf *out, const char *name, const char *summary)
{
    size_t start = out->len;
    buf_format(out, "  %s", name);
    add_column(out, start, COMMAND_COLUMNS);
    wrap_add(out, str_from_c(summary), help_width());
    buf_add_byte(out, '\n');
}

static void add_program_help(struct buf *out, const struct program *program)
{
    wrap_add(out, str_from_c(program->summary), help_width());
    buf_format(out, "\n\nUsage: %s COMMAND [flags]\n", program->name);
    for (enum command_group group = GROUP_DEPLOY; group < GROUP_COUNT; group++) {
        buf_format(out, "\n%s:\n", command_group_titles[group]);
        for (const struct command *const *each = program->commands; *each; each++)
            if ((*each)->group == group)
                add_summary(out, (*each)->name, (*each)->summary);
    }
    add_summary(out, "help", "Show help for a command");
    buf_format(out, "\nUse \"%s help COMMAND\" for more information about a command.\n",
               program->name);
}

int help_show(const struct program *program, const struct command *command)
{
    struct buf out = {0};
    if (command)
        add_command_help(&out, program, command);
    else
        add_program_help(&out, program);
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    return status;
}

bool help_show_words(const struct program *program, const char *word, int *ret_status)
{
    size_t len = strlen(word);
    struct buf out = {0};
    for (const struct command *const *each = program->commands; *each; each++)
        if (strncmp((*each)->name, word, len) == 0 && (*each)->name[len] == ' ')
            add_summary(&out, (*each)->name, (*each)->summary);
    bool any = out.len > 0;
    if (any)
        buf_format(&out, "\nUsage: %s %s COMMAND [flags]\n", program->name, word);
    buf_format(&out, "\nUse \"%s help %s COMMAND\" for more information about a command.\n",
               program->name, word);
    if (any)
        *ret_status = console_finish(buf_str(&out));
    buf_free(&out);
    return any;
}
