/* The few calls of NVIDIA's management library that Loadout makes, answered for two GPUs: a plain one, and one that
   reports nothing but its memory. Built by test_hardware_nvml.py; struct layouts as in nvml.h. */
#include <stdio.h>
#include <string.h>

#define OK 0
#define NOT_SUPPORTED 3
#define INSUFFICIENT_SIZE 7
#define FULL(device) ((size_t)(device) == 1)

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned int gpu, memory; } utilization_t;
typedef struct { unsigned int pid; unsigned long long used; unsigned int gi, ci; } process_t;

int nvmlInitWithFlags(unsigned int flags) { return OK; }
int nvmlInit_v2(void) { return OK; }
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int code) { return code == NOT_SUPPORTED ? "Not Supported" : "?"; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 2; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) { *device = (void *)(size_t)(index + 1); return OK; }
int nvmlDeviceGetName(void *device, char *name, unsigned int length)
{
    snprintf(name, length, FULL(device) ? "NVIDIA GeForce RTX 4070" : "NVIDIA Tesla K10");
    return OK;
}
int nvmlDeviceGetMemoryInfo(void *device, memory_t *memory)
{
    memory->total = 12000000000ull; memory->used = 9000000000ull; memory->free = 3000000000ull;
    return OK;
}
int nvmlDeviceGetUtilizationRates(void *device, utilization_t *rates)
{
    rates->gpu = 96; rates->memory = 40;
    return FULL(device) ? OK : NOT_SUPPORTED;
}
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned int *degrees)
{
    *degrees = 61;
    return FULL(device) ? OK : NOT_SUPPORTED;
}
int nvmlDeviceGetPowerUsage(void *device, unsigned int *milliwatts)
{
    *milliwatts = 187500;
    return FULL(device) ? OK : NOT_SUPPORTED;
}
int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned int *milliwatts)
{
    *milliwatts = 200000;
    return FULL(device) ? OK : NOT_SUPPORTED;
}
int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *reasons)
{
    *reasons = 0x04 | 0x20; /* power cap, thermal slowdown */
    return FULL(device) ? OK : NOT_SUPPORTED;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned int *count, process_t *processes)
{
    if (!FULL(device)) return NOT_SUPPORTED;
    if (*count < 2) { *count = 2; return INSUFFICIENT_SIZE; }
    memset(processes, 0, 2 * sizeof *processes);
    processes[0].pid = 1; processes[0].used = 1000000000ull;
    processes[1].pid = 4242; processes[1].used = 8000000000ull;
    *count = 2;
    return OK;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned int *count, process_t *processes)
{
    *count = 0;
    return OK;
}
