/* SPDX-License-Identifier: MIT */
/*
 * The subcommands of uniload. Each takes its own argv (argv[0] is its name) and returns the exit
 * status.
 */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

int cmd_run(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_table(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_explore(int argc, char **argv);
int cmd_conformance(int argc, char **argv);

#endif
