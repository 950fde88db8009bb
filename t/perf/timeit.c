/*
 * timeit N 'COMMAND A' 'COMMAND B' ['RESET']: runs the two in turn N times
 * (after one run each that does not count), with RESET before each where it is
 * given, and prints the medians in milliseconds, their ratio A/B, and the
 * largest resident set of each in KiB.  Commands go to sh -c "exec ...".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double run_once(const char *command, long *rss)
{
	double begin = now_ms();
	struct rusage ru;
	int st;
	pid_t pid = fork();

	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (wait4(pid, &st, 0, &ru) < 0) {
		perror("wait4");
		exit(2);
	}
	if (!WIFEXITED(st) || WEXITSTATUS(st) != 0) {
		fprintf(stderr, "timeit: failed: %s\n", command);
		exit(2);
	}
	if (ru.ru_maxrss > *rss)
		*rss = ru.ru_maxrss;
	return now_ms() - begin;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int main(int argc, char **argv)
{
	int n = argc > 3 ? atoi(argv[1]) : 0;
	double *a, *b, ma, mb;
	long ra = 0, rb = 0, ignored = 0;

	if (n < 1) {
		fprintf(stderr, "usage: timeit N A B [RESET]\n");
		return 2;
	}
	a = calloc((size_t)n, sizeof(*a));
	b = calloc((size_t)n, sizeof(*b));
	if (!a || !b)
		return 2;
	for (int i = -1; i < n; i++) {
		double ta, tb;

		if (argc > 4)
			run_once(argv[4], &ignored);
		ta = run_once(argv[2], &ra);
		if (argc > 4)
			run_once(argv[4], &ignored);
		tb = run_once(argv[3], &rb);
		if (i >= 0) {
			a[i] = ta;
			b[i] = tb;
		}
	}
	ma = median(a, n);
	mb = median(b, n);
	printf("%.2f %.2f %.3f %ld %ld\n", ma, mb, ma / mb, ra, rb);
	free(a);
	free(b);
	return 0;
}
