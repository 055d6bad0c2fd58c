#include "cli/man.h"

#include "base/version.h"
#include "os/console.h"

#include <string.h>

/* Text with what roff would act on escaped: backslashes, dashes, and dots or quotes that begin a
 * line. Upper case for headings. */
static void node_append_string(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        bool begins = i == 0 || text.data[i - 1] == '\n';
        if (begins && (byte == '.' || byte == '\''))
            buf_add(out, STR("\\&"));
        if (byte == '\\')
            buf_add(out, STR("\\e"));
        else if (byte == '-')
            buf_add(out, STR("\\-"));
        else
            buf_add_byte(out, byte);
    }
}

static void add_line(struct buf *out, const char *text)
{
    node_append_string(out, str_from_c(text));
    buf_add_byte(out, '\n');
}

static void add_flag(struct buf *out, const struct flag *flag)
{
    buf_add(out, STR(".TP\n\\fB"));
    if (flag->short_name)
        buf_format(out, "\\-%c\\fR, \\fB", flag->short_name);
    buf_add(out, STR("\\-\\-"));
    node_append_string(out, str_from_c(flag->name));
    buf_add(out, STR("\\fR"));
    if (flag->argument)
        buf_format(out, flag->kind == FLAG_TYPE_CHOICE ? "[=\\fI%s\\fR]" : " \\fI%s\\fR",
                   flag->argument);
    buf_add_byte(out, '\n');
    add_line(out, flag->help);
}

/* The names alone: what each does stands once, under FLAGS. */
static void add_flag_names(struct buf *out, const struct command *command)
{
    buf_add(out, STR(".br\nFlags:"));
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (!(command->flags >> i & 1))
            continue;
        buf_add(out, STR(" \\-\\-"));
        node_append_string(out, str_from_c(flag_table[i].name));
    }
    buf_add_byte(out, '\n');
}

static void add_command(struct buf *out, const struct command *command)
{
    buf_add(out, STR(".TP\n\\fB"));
    node_append_string(out, str_from_c(command->name));
    buf_format(out, "\\fR%s\\fI", command->arguments ? " " : "");
    if (command->arguments)
        node_append_string(out, str_from_c(command->arguments));
    buf_add(out, STR("\\fR\n"));
    node_append_string(out, str_from_c(command->summary));
    buf_add(out, STR(".\n"));
    if (command->details)
        node_append_string(out, str_from_c(command->details));
    if (command->flags)
        add_flag_names(out, command);
}

static void add_commands(struct buf *out, const struct program *program)
{
    if (program->single)
        return;
    buf_add(out, STR(".SH COMMANDS\n"));
    for (const struct command *const *each = program->commands; *each; each++)
        if (!(*each)->hidden)
            add_command(out, *each);
    buf_add(out, STR(".TP\n\\fBhelp\\fR \\fI[COMMAND]\\fR\nTell more of a command.\n"));
}

static void add_flags(struct buf *out, const struct program *program)
{
    flag_bits all = FLAGS_EVERYWHERE;
    for (const struct command *const *each = program->commands; *each; each++)
        all |= (*each)->flags;
    buf_add(out, STR(".SH FLAGS\n"));
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (all >> i & 1)
            add_flag(out, &flag_table[i]);
}

static void write_page(struct buf *out, const struct program *program)
{
    buf_format(out, ".TH %s 1 \"\" \"optasvc %s\" \"optasvc\"\n.SH NAME\n", program->file,
               version_number);
    node_append_string(out, str_from_c(program->file));
    buf_add(out, STR(" \\- "));
    add_line(out, program->single ? program->single->summary : program->summary);
    buf_add(out, STR(".SH SYNOPSIS\n\\fB"));
    node_append_string(out, str_from_c(program->name));
    buf_add(out, STR("\\fR \\fI"));
    node_append_string(out, str_from_c(program->single ? program->single->arguments : "COMMAND"));
    buf_add(out, STR("\\fR [flags]\n"));
    if (program->single && program->single->details) {
        buf_add(out, STR(".SH DESCRIPTION\n"));
        node_append_string(out, str_from_c(program->single->details));
    }
    add_commands(out, program);
    add_flags(out, program);
    buf_add(out, STR(".SH EXIT STATUS\n0 right, 1 failed, 2 wrong usage"));
    buf_add(out, program->single ? STR(".\n")
                                 : STR("; 128 and the number of the signal that interrupted it. Of "
                                       "\\fBdiff\\fR: 0 nothing would "
                                       "change, 1 something would, 2 failed.\n"));
    buf_add(out, STR(".SH ENVIRONMENT\n"));
    for (size_t i = 0; program->variables && program->variables[i].name; i++) {
        buf_format(out, ".TP\n\\fB%s\\fR\n", program->variables[i].name);
        add_line(out, program->variables[i].help);
    }
}

static int man(const struct invocation *invocation)
{
    struct buf out = {0};
    write_page(&out, invocation->program);
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    return status;
}

const struct command command_man = {.name = "__man", .hidden = true, .run = man};
