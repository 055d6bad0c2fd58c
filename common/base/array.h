#ifndef OPTASVC_ARRAY_H
#define OPTASVC_ARRAY_H

/* Number of items of an array; not for pointers. */
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

#endif
