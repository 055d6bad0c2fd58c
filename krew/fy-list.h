/* The linked list that libfyaml's sources include under this name.
 *
 * Their own is Linux's, under GPL-2.0, and all of it is inline: a released program would contain
 * it. krew/toolchain puts this one in its place. A list is a ring: its head is a link as well. */
#ifndef FY_LIST_H
#define FY_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_head {
    struct list_head *prev, *next;
};

#define container_of(link, type, member)     ((type *)(void *)((char *)(link)-offsetof(type, member)))
#define list_entry(link, type, member)       container_of(link, type, member)
#define list_first_entry(head, type, member) container_of((head)->next, type, member)
#define list_last_entry(head, type, member)  container_of((head)->prev, type, member)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
    head->prev = head->next = head;
}

static inline bool list_empty(const struct list_head *head)
{
    return head->next == head;
}

static inline bool list_is_singular(const struct list_head *head)
{
    return !list_empty(head) && head->next == head->prev;
}

/* Puts the links from first to last behind `place`. */
static inline void list_put(struct list_head *place, struct list_head *first,
                            struct list_head *last)
{
    last->next = place->next;
    last->next->prev = last;
    first->prev = place;
    place->next = first;
}

static inline void list_add(struct list_head *link, struct list_head *head)
{
    list_put(head, link, link);
}

static inline void list_add_tail(struct list_head *link, struct list_head *head)
{
    list_put(head->prev, link, link);
}

static inline void list_del(struct list_head *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
}

/* Puts all of `from` in front of what `head` has; `from` is not to be used afterwards. */
static inline void list_splice(const struct list_head *from, struct list_head *head)
{
    if (!list_empty(from))
        list_put(head, from->next, from->prev);
}

#endif
