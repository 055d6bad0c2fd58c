/* The lower bound for the start of a program: it does nothing. */
int main(void)
{
    return 0;
}
