/* SPDX-License-Identifier: MIT */
/*
 * Libraries as the dynamic linker finds them: the linker itself (LD_TRACE_LOADED_OBJECTS) is asked
 * about trees that gcc makes here, and about programs of this host. And what env(1) in a script
 *looks for. unit: tools/closure.c tools/libsearch.c tools/ldcache.c tools/elfdyn.c tools/script.c
 *	tools/util.c -D_GNU_SOURCE -lelf
 */
#include "tests/unit/unit.h"
#include "tools/closure.h"
#include "tools/program.h"

#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/uniload-closure.XXXXXX";

static int shell(const char *fmt, const char *arg)
{
	char *command = xasprintf(fmt, arg), *line = xasprintf("cd %s && %s", dir, command);
	int status = system(line);

	free(command);
	free(line);
	return status;
}

static bool has(const struct closure *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++) {
		char *real = realpath(path, NULL);
		bool same = real && strcmp(c->v[i]->real, real) == 0;

		free(real);
		if (same)
			return true;
	}
	return false;
}

/* Does the linker load only what is in the closure? Returns how many, -1 if one is not in it. */
static int compare(const struct closure *c, const char *path, const char *env)
{
	char *command = xasprintf("%s LD_TRACE_LOADED_OBJECTS=1 %s", env, path);
	char line[4096], file[4096];
	FILE *p = popen(command, "r");
	int n = 0;

	while (p && fgets(line, sizeof(line), p)) {
		if (sscanf(line, " %*s => /%4000s", file + 1) != 1 &&
		    sscanf(line, " /%4000s", file + 1) != 1) /* the linker; a name with a slash */
			continue;
		file[0] = '/';
		n = n < 0 || !has(c, file) ? -1 : n + 1;
		if (n < 0) {
			printf("# not in the closure: %s", line);
			break;
		}
	}
	if (p)
		pclose(p);
	free(command);
	return n;
}

static int check_program(const char *name, const char *library_path)
{
	char *path = *name == '/' ? realpath(name, NULL) : xasprintf("%s/%s", dir, name);
	char *env = library_path ? xasprintf("LD_LIBRARY_PATH=%s", library_path) : xstrdup("");
	struct closure c;
	int n = closure_open(&c, path, library_path, NULL) ? -2 : compare(&c, path, env);

	closure_free(&c);
	free(path);
	free(env);
	return n;
}

static void make_library(const char *name)
{
	CHECK(shell("mkdir -p a b a/glibc-hwcaps/x86-64-v2; echo 'int f(void) { return 1; }' >f.c; "
		    "gcc -shared -fPIC f.c -Wl,-soname,lib%1$s.so -o a/lib%1$s.so",
		    name) == 0);
}

static void make_program(const char *options)
{
	CHECK(
	    shell("echo 'int main(void) { return 0; }' >m.c; gcc m.c -Wl,--no-as-needed -La -Lb %s",
		  options) == 0);
}

static void test_trees(void)
{
	char *path;

	make_library("one");
	CHECK(shell("gcc -shared -fPIC f.c -Wl,--no-as-needed -La -lone -o b/libtwo.so", "") == 0);
	make_program("-ltwo -Wl,-rpath-link,a -Wl,--disable-new-dtags,-rpath,'$ORIGIN/b:$ORIGIN/a' "
		     "-o rpath");
	CHECK(check_program("rpath", NULL) == 4);
	make_program(
	    "-ltwo -Wl,-rpath-link,a -Wl,--enable-new-dtags,-rpath,'${ORIGIN}/b' -o runpath");
	path = xasprintf("%s/a", dir);
	CHECK(check_program("runpath", path) == 4);
	CHECK(check_program("runpath", NULL) == -2); /* RUNPATH is not for what libtwo needs */
	make_program("-lone -o plain");
	CHECK(check_program("plain", path) == 3);
	free(path);
	/* Every variant is taken, and the one for every processor. */
	CHECK(shell("cp a/libone.so a/glibc-hwcaps/x86-64-v2/", "") == 0);
	make_program("-lone -Wl,-rpath,'$ORIGIN/a' -o variant");
	CHECK(check_program("variant", NULL) == 3);
	/* Of another machine: passed over. Not an ELF file: an error. A name with a slash is a
	 * path. */
	CHECK(
	    shell("mkdir -p other bad && cp a/libone.so other && "
		  "printf '\\267' | dd of=other/libone.so bs=1 seek=18 conv=notrunc 2>/dev/null && "
		  "seq 100 >bad/libone.so",
		  "") == 0);
	make_program("-lone -Wl,-rpath,'$ORIGIN/other:$ORIGIN/a' -o skip");
	CHECK(check_program("skip", NULL) == 3);
	make_program("-lone -Wl,-rpath,'$ORIGIN/bad:$ORIGIN/a' -o stop");
	CHECK(check_program("stop", NULL) == -2);
	CHECK(shell("gcc -shared -fPIC f.c -Wl,-soname,$PWD/b/slash.so -o b/slash.so", "") == 0);
	make_program("b/slash.so -o slash");
	CHECK(check_program("slash", NULL) == 3);
}

static void test_host(void)
{
	static const char *const programs[] = {"/bin/ls", "/usr/bin/gcc", "/usr/bin/perl",
					       "/bin/bash"};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (access(programs[i], X_OK) == 0)
			CHECK(check_program(programs[i], NULL) >= 2);
}

static void test_cache(void)
{
	static const char junk[64] = "glibc-ld.so.cache1.1";
	struct ldcache c;

	CHECK(ldcache_open(&c, junk, sizeof(junk)) && c.n == 0);
	CHECK(!ldcache_open(&c, junk, 47));
	CHECK(!ldcache_open(&c, "ld.so-1.7.0\0\377\377\377\377", 16));
}

static void test_scripts(void)
{
	char *name;

	CHECK((name = script_env_program("python3")) && strcmp(name, "python3") == 0);
	free(name);
	CHECK((name = script_env_program("-S A=b -i perl -w")) && strcmp(name, "perl") == 0);
	free(name);
	CHECK(script_env_program("A=b") == NULL && script_env_program("") == NULL);
}

int main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	test_trees();
	test_host();
	test_cache();
	test_scripts();
	shell("rm -rf ../${PWD##*/}%s", "");
	return UNIT_END();
}
