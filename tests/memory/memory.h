#ifndef OPTASVC_MEMORY_H
#define OPTASVC_MEMORY_H

/* main() of kubectl-optasvc/main.c, which is compiled with this header and -Dmain=program_main. */
int program_main(int argc, char **argv);

#endif
