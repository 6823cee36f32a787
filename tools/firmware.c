/* SPDX-License-Identifier: MIT */
/*
 * What the code in firmware_rom.S needs, before it in the same ROM: where to go, two requests to
 * QEMU's fw_cfg device (its documentation: docs/specs/fw_cfg), and what the kernel shall be told.
 * The kernel reads that in the ROM.
 */
#include "tools/firmware.h"

#include "kernel/abi/pvh.h"
#include "tools/util.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROM_SIZE 0x10000 /* QEMU takes multiples of this */
#define ROM_END	 0x100000

#define FW_CFG_INITRD_DATA  0x12
#define FW_CFG_CMDLINE_DATA 0x15
#define FW_CFG_DMA_READ	    0x02
#define FW_CFG_DMA_SELECT   0x08

#define CMDLINE_AT   0x8000
#define CMDLINE_SIZE 2048 /* behind its end QEMU gives zeros */

/* All big-endian. */
struct fw_cfg_dma {
	uint32_t control, length;
	uint64_t address;
};

struct firmware_data { /* firmware_rom.S knows the places of the first three members */
	uint32_t entry, reserved[3];
	struct fw_cfg_dma dma[2];
	struct hvm_start_info start;
	struct hvm_modlist_entry module;
	struct hvm_memmap_entry memory;
};

struct firmware {
	union {
		struct firmware_data data;
		char room[256];
	};
	char code[256];
};
_Static_assert(offsetof(struct firmware_data, dma) == 16, "firmware_rom.S");
_Static_assert(offsetof(struct firmware_data, start) == 48, "firmware_rom.S");
_Static_assert(sizeof(struct firmware) == 512, "firmware_rom.S");

extern const struct firmware uniload_firmware;

static uint64_t address_of(size_t offset)
{
	return ROM_END - sizeof(struct firmware) + offset;
}

static struct fw_cfg_dma request(uint32_t item, uint64_t to, uint64_t length)
{
	return (struct fw_cfg_dma){
	    .control = htobe32(item << 16 | FW_CFG_DMA_SELECT | FW_CFG_DMA_READ),
	    .length = htobe32((uint32_t)length),
	    .address = htobe64(to),
	};
}

int firmware_open(void)
{
	int fd = memfd_create("uniload-firmware", MFD_CLOEXEC);

	return fd < 0 ? fail(-1, "cannot create a memory file: %s", strerror(errno)) : fd;
}

int firmware_write(int fd, const struct firmware_spec *spec)
{
	uint64_t module_at = (spec->memory - spec->module_size) & ~4095ull;
	struct firmware fw = uniload_firmware;

	fw.data = (struct firmware_data){
	    .entry = spec->entry,
	    .dma = {request(FW_CFG_CMDLINE_DATA, CMDLINE_AT, CMDLINE_SIZE),
		    request(FW_CFG_INITRD_DATA, module_at, spec->module_size)},
	    .start = {.magic = PVH_MAGIC,
		      .version = PVH_VERSION,
		      .nr_modules = 1,
		      .modlist_paddr = address_of(offsetof(struct firmware_data, module)),
		      .cmdline_paddr = CMDLINE_AT,
		      .memmap_paddr = address_of(offsetof(struct firmware_data, memory)),
		      .memmap_entries = 1},
	    .module = {.paddr = module_at, .size = spec->module_size},
	    .memory = {.size = spec->memory, .type = PVH_TYPE_RAM},
	};
	if (ftruncate(fd, ROM_SIZE) < 0 ||
	    pwrite(fd, &fw, sizeof(fw), ROM_SIZE - sizeof(fw)) != sizeof(fw))
		return fail(-1, "cannot write a memory file: %s", strerror(errno));
	return 0;
}
