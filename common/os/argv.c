#include "os/argv.h"

void argv_add(struct arena *arena, struct argv *argv, const char *argument)
{
    argv->items = arena_grow(arena, argv->items, argv->count, sizeof *argv->items);
    argv->items[argv->count++] = argument;
    /* The terminating NULL; overwritten by the next argument. */
    argv->items = arena_grow(arena, argv->items, argv->count, sizeof *argv->items);
    argv->items[argv->count] = NULL;
}

void argv_add_all(struct arena *arena, struct argv *argv, va_list arguments)
{
    for (const char *argument; (argument = va_arg(arguments, const char *)) != NULL;)
        argv_add(arena, argv, argument);
}

void argv_add_flag(struct arena *arena, struct argv *argv, const char *name, const char *value)
{
    if (value)
        argv_add(arena, argv, str_format(arena, "--%s=%s", name, value).data);
}
