// The tests that need neither threads nor processes, on Python 3.14 in WebAssembly: `make pyodide`.
// node tests/pyodide.mjs FOLDER TEST…, where FOLDER has pyodide in node_modules and wheels in wheels.
const [folder, ...tests] = process.argv.slice(2);
const { loadPyodide } = await import(`${folder}/node_modules/pyodide/pyodide.mjs`);
const python = await loadPyodide();
for (const [place, root] of [["/checkout", process.cwd()], ["/wheels", `${folder}/wheels`]]) {
    python.FS.mkdirTree(place);
    python.FS.mount(python.FS.filesystems.NODEFS, { root }, place);
}
python.globals.set("tests", python.toPy(tests));
process.exitCode = python.runPython(`
import os, sys, zipfile
from pathlib import Path

for wheel in Path("/wheels").glob("*.whl"):
    zipfile.ZipFile(wheel).extractall("/site")
sys.path[:0] = ["/site", "/checkout"]
sys.dont_write_bytecode = True
os.chdir("/checkout")
import pytest

# Pyodide's Python knows no faulthandler_exit_on_timeout, so it reads settings of its own.
Path("/pytest.ini").write_text("[pytest]\\nmarkers = deep: left out\\nconsider_namespace_packages = true")
int(pytest.main([
    *["-q", "-c", "/pytest.ini", "--rootdir", "/checkout", "--import-mode=importlib"],
    *["-p", "no:cacheprovider", "-p", "fwf.testing.plugin", "-m", "not deep", *tests],
]))
`);
