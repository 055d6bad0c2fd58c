#include "cli/man.h"

#include "base/version.h"
#include "cli/help.h"
#include "os/console.h"

#include <string.h>

/* Appends text with roff syntax escaped: backslashes, dashes, and dots and quotes at the start of a
 * line. */
static void add_escaped(struct buf *out, struct str text)
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
    add_escaped(out, str_from_c(text));
    buf_add_byte(out, '\n');
}

static void add_flag(struct buf *out, const struct flag *flag)
{
    buf_add(out, STR(".TP\n\\fB"));
    if (flag->short_name)
        buf_format(out, "\\-%c\\fR, \\fB", flag->short_name);
    buf_add(out, STR("\\-\\-"));
    add_escaped(out, str_from_c(flag->name));
    buf_add(out, STR("\\fR"));
    if (flag->argument)
        buf_format(out, flag->type == FLAG_TYPE_CHOICE ? "[=\\fI%s\\fR]" : " \\fI%s\\fR",
                   flag->argument);
    buf_add_byte(out, '\n');
    add_line(out, flag->help);
}

/* Appends only the names of flags; FLAGS describes them. */
static void add_flag_names(struct buf *out, const struct command *command)
{
    buf_add(out, STR(".br\nFlags:"));
    for (enum flag_id i = 0; i < FLAG_COUNT; i++) {
        if (!flag_list_has(command->flags, i))
            continue;
        buf_add(out, STR(" \\-\\-"));
        add_escaped(out, str_from_c(flag_table[i].name));
    }
    buf_add_byte(out, '\n');
}

/* Appends the examples as help shows them. */
static void add_examples(struct buf *out, const struct example *examples)
{
    buf_add(out, STR(".nf\n"));
    for (const struct example *each = examples; each->comment; each++) {
        buf_add(out, each == examples ? STR("# ") : STR("\n# "));
        add_line(out, each->comment);
        add_line(out, each->command);
    }
    buf_add(out, STR(".fi\n"));
}

static void add_command(struct buf *out, const struct command *command)
{
    buf_add(out, STR(".TP\n\\fB"));
    add_escaped(out, str_from_c(command->name));
    buf_format(out, "\\fR%s\\fI", command->arguments ? " " : "");
    if (command->arguments)
        add_escaped(out, str_from_c(command->arguments));
    buf_add(out, STR("\\fR\n"));
    add_escaped(out, str_from_c(command->summary));
    buf_add(out, STR(".\n"));
    if (command->details)
        add_line(out, command->details);
    if (command->examples) {
        buf_add(out, STR(".IP\n"));
        add_examples(out, command->examples);
        buf_add(out, STR(".IP\n"));
    }
    if (command->flags)
        add_flag_names(out, command);
}

static void add_commands(struct buf *out, const struct program *program)
{
    if (program->single)
        return;
    buf_add(out, STR(".SH COMMANDS\n"));
    for (enum command_group group = GROUP_DEPLOY; group < GROUP_COUNT; group++) {
        buf_format(out, ".SS %s\n", command_group_titles[group]);
        for (const struct command *const *each = program->commands; *each; each++)
            if ((*each)->group == group)
                add_command(out, *each);
    }
    buf_add(out, STR(".TP\n\\fBhelp\\fR \\fI[COMMAND]\\fR\nShow help for a command.\n"));
}

static bool is_flag_of_any(const struct program *program, enum flag_id id)
{
    for (const struct command *const *each = program->commands; *each; each++)
        if (command_has_flag(*each, id))
            return true;
    return false;
}

static void add_flags(struct buf *out, const struct program *program)
{
    buf_add(out, STR(".SH FLAGS\n"));
    for (enum flag_section section = 0; section < FLAG_SECTION_COUNT; section++) {
        size_t title = out->len;
        buf_format(out, ".SS %s\n",
                   section == FLAGS_OWN && !program->single ? "Flags of single commands"
                                                            : flag_section_titles[section]);
        size_t start = out->len;
        for (enum flag_id i = 0; i < FLAG_COUNT; i++)
            if (flag_section(i) == section && is_flag_of_any(program, i))
                add_flag(out, &flag_table[i]);
        if (out->len == start)
            out->len = title;
    }
}

static void write_page(struct buf *out, const struct program *program)
{
    buf_format(out, ".TH %s 1 \"\" \"optasvc %s\" \"optasvc\"\n.SH NAME\n", program->file,
               version_number);
    add_escaped(out, str_from_c(program->file));
    buf_add(out, STR(" \\- "));
    add_line(out, program->single ? program->single->summary : program->summary);
    buf_add(out, STR(".SH SYNOPSIS\n\\fB"));
    add_escaped(out, str_from_c(program->name));
    buf_add(out, STR("\\fR \\fI"));
    add_escaped(out, str_from_c(program->single ? program->single->arguments : "COMMAND"));
    buf_add(out, STR("\\fR [flags]\n"));
    if (program->single && program->single->details) {
        buf_add(out, STR(".SH DESCRIPTION\n"));
        add_line(out, program->single->details);
    }
    if (program->single && program->single->examples) {
        buf_add(out, STR(".SH EXAMPLES\n"));
        add_examples(out, program->single->examples);
    }
    add_commands(out, program);
    add_flags(out, program);
    buf_add(out, STR(".SH EXIT STATUS\n0 success, 1 failure, 2 usage error"));
    buf_add(out, program->single ? STR(". With \\fB\\-\\-diff\\fR")
                                 : STR("; 128 plus the signal number if interrupted. For "
                                       "\\fBdiff\\fR and \\fBinject \\-\\-diff\\fR"));
    buf_add(out, STR(": 0 no differences, 1 differences, 2 failure"));
    buf_add(out, program->single ? STR(".\n")
                                 : STR("; \\fBshell\\fR has that of the command in the pod.\n"));
    if (!program->single)
        buf_add(out, STR(".SH FILES\n.TP\n\\fBoptasvc.yaml\\fR, \\fBoptasvc.yml\\fR, "
                         "\\fBopta.yaml\\fR, \\fBopta.yml\\fR\nThe service file of the working "
                         "directory, if there is only one of them: the default of \\-f, except for "
                         "delete, inject and \\-\\-prune=layer.\n"));
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

const struct command command_man = {
    .name = "__man",
    .hidden = true,
    .run = man,
};
