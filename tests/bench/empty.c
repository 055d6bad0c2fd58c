/* The minimum for a process: it starts and ends. */
int main(void)
{
    return 0;
}
