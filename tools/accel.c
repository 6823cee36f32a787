/* SPDX-License-Identifier: MIT */
/*
 * Does KVM work here? Only trying tells: /dev/kvm may be there without permission, without a
 * working hypervisor below it, or with another user that owns the CPU's virtualisation.
 */
#include "tools/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *describe(const char *what)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	return text;
}

static const char *open_kvm(int *kvm)
{
	*kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (*kvm < 0)
		return describe("cannot open /dev/kvm");
	if (ioctl(*kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return "/dev/kvm has an unknown interface version";
	return NULL;
}

const char *kvm_absence(void)
{
	int kvm;
	const char *problem = open_kvm(&kvm);

	if (kvm >= 0)
		close(kvm);
	return problem;
}

const char *kvm_problem(void)
{
	int vcpu = -1, vm = -1, kvm;
	const char *problem = open_kvm(&kvm);

	if (problem == NULL && (vm = ioctl(kvm, KVM_CREATE_VM, 0)) < 0)
		problem = describe("/dev/kvm cannot create a machine");
	else if (problem == NULL && (vcpu = ioctl(vm, KVM_CREATE_VCPU, 0)) < 0)
		problem = describe("/dev/kvm cannot create a CPU");
	if (vcpu >= 0)
		close(vcpu);
	if (vm >= 0)
		close(vm);
	if (kvm >= 0)
		close(kvm);
	return problem;
}
