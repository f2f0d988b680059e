"""CUDA kernels: compiled from source by NVRTC, which comes with PyTorch for CUDA, and started from Python.

PyTorch's own `torch.cuda._compile_kernel` is private and asks for an installed CUDA toolkit.
"""

import ctypes
import functools
from collections.abc import Sequence
from pathlib import Path

import torch

_LIBRARY_NAMES = ("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so")

Argument = torch.Tensor | int | float


def _library() -> ctypes.CDLL:
    """Return NVRTC: from the packages that PyTorch was installed with, or from the system."""
    packages = Path(torch.__file__).parents[1] / "nvidia"
    found = [*sorted(packages.glob("*/lib/libnvrtc.so.*")), *_LIBRARY_NAMES]
    for name in found:
        try:
            return ctypes.CDLL(str(name))
        except OSError:
            continue
    raise RuntimeError("NVRTC, which compiles CUDA kernels, was not found: install PyTorch for CUDA from its wheels.")


def compiled(source: str, architecture: str, options: Sequence[str] = ()) -> bytes:
    """Return the machine code of a source for an architecture such as "sm_90".

    Raises RuntimeError with the compiler's log where the source does not compile.
    """
    nvrtc = _library()
    program = ctypes.c_void_p()
    flags = [option.encode() for option in (f"--gpu-architecture={architecture}", *options)]
    _checked(nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"source.cu", 0, None, None), "created")
    failed = nvrtc.nvrtcCompileProgram(program, len(flags), (ctypes.c_char_p * len(flags))(*flags))
    size = ctypes.c_size_t()
    if failed:
        nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        nvrtc.nvrtcGetProgramLog(program, log)
        raise RuntimeError(f"The CUDA kernels do not compile:\n{log.value.decode()}")
    _checked(nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(size)), "measured")
    code = ctypes.create_string_buffer(size.value)
    _checked(nvrtc.nvrtcGetCUBIN(program, code), "read")
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return code.raw


def _checked(status: int, done: str) -> None:
    if status:
        raise RuntimeError(f"A CUDA kernel could not be {done}: status {status}.")


class Kernels:
    """The kernels of a source on the current GPU, which are started by name on the current stream."""

    def __init__(self, source: str, options: Sequence[str] = ()):
        torch.cuda.current_stream().synchronize()  # makes PyTorch's context the current one
        major, minor = torch.cuda.get_device_capability()
        self._code = compiled(source, f"sm_{major}{minor}", options)
        self._driver = ctypes.CDLL("libcuda.so.1")
        self._module = ctypes.c_void_p()
        _checked(self._driver.cuModuleLoadData(ctypes.byref(self._module), self._code), "loaded")
        self._function = functools.cache(self._find)

    def _find(self, name: str) -> ctypes.c_void_p:
        function = ctypes.c_void_p()
        _checked(self._driver.cuModuleGetFunction(ctypes.byref(function), self._module, name.encode()), "found")
        return function

    def start(self, name: str, blocks: tuple[int, int], threads: int, arguments: Sequence[Argument]) -> None:
        """Start a kernel on (x, y) blocks. A float becomes a C float, an int a C int, a tensor its address."""
        values = [_value(argument) for argument in arguments]
        addresses = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        sizes = map(ctypes.c_uint, (*blocks, 1, threads, 1, 1, 0))
        _checked(self._driver.cuLaunchKernel(self._function(name), *sizes, stream, addresses, None), f"started: {name}")


def _value(argument: Argument) -> ctypes.c_void_p | ctypes.c_int | ctypes.c_float:
    if isinstance(argument, torch.Tensor):
        return ctypes.c_void_p(argument.data_ptr())
    return ctypes.c_int(argument) if isinstance(argument, int) else ctypes.c_float(argument)
