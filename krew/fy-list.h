/* A doubly linked list with the interface that libfyaml's sources expect from this header.
 *
 * libfyaml's own copy is that of Linux, under GPL-2.0. All of it is inline, so a released program
 * would contain it. krew/toolchain replaces it by this one. A list is circular: its head is a link
 * too. */
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

/* Inserts the links from first to last after `place`. */
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

/* Inserts all links of `from` at the start of `head`. `from` must not be used afterwards. */
static inline void list_splice(const struct list_head *from, struct list_head *head)
{
    if (!list_empty(from))
        list_put(head, from->next, from->prev);
}

#endif
