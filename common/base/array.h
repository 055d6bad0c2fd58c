#ifndef OPTASVC_ARRAY_H
#define OPTASVC_ARRAY_H

/* The number of items of an array, not of a pointer to one. */
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
