"""How each generator's client is made, compiled and run. Every step is a check."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from support import debian, node, places, rust
from support.gateway import Gateway
from support.suite import Suite, reader

# The parts of Jackson that Debian packages; where they lie.
JARS = ["jackson-annotations", "jackson-core", "jackson-databind", "jakarta-annotation-api"]
JAR_FOLDER = Path("/usr/share/java")
JAVA_PACKAGES = ["default-jdk-headless", "libjackson2-databind-java", "libjakarta-annotation-api-java"]


@dataclass
class Java:
    """A JDK, and the class path of what generated clients need."""

    java: str
    javac: str
    jars: str


def java() -> Java:
    jars = [JAR_FOLDER / f"{name}.jar" for name in JARS]
    if not all(jar.is_file() for jar in jars):
        debian.install(*JAVA_PACKAGES)
    compiler = debian.program("javac", *JAVA_PACKAGES)
    return Java(debian.program("java", *JAVA_PACKAGES), compiler, ":".join(map(str, jars)))


class Maker:
    """Makes clients in the folder `scratch`, with the environment `env`."""

    def __init__(self, suite: Suite, scratch: Path, env: dict[str, str]):
        self.suite, self.scratch, self.env = suite, scratch, env
        self.folder = suite.folder

    def step(self, name: str, command: list[str | Path], **options) -> bool:
        """Runs one step and reports it as the check `name`."""
        done = self.suite.tried(command, options.pop("env", self.env), **options)
        return self.suite.report(name, done.returncode == 0, (done.stderr + done.stdout).strip())

    def openapi_python_client(self, version: str, document: Path, interpreter: Path) -> None:
        label = f"openapi_python_client.{version}"
        folder = self.scratch / label
        folder.mkdir()
        if self.step(f"{label}.is_generated", [
            interpreter.parent / "openapi-python-client", "generate", "--path", document, "--meta", "none",
            "--output-path", folder / "generated", "--fail-on-warning",
        ]):
            program = self.folder / "python" / "openapi_python_client.py"
            self.suite.checks([interpreter, "-u", program, label, folder], self.env)

    def openapi_fetch(self, version: str, document: Path, packages: node.Packages) -> None:
        label = f"openapi_fetch.{version}"
        folder = self.typescript(label, "openapi_fetch.ts", packages)
        made = folder / "api.d.ts"
        if self.step(f"{label}.is_generated", ["openapi-typescript", document, "--output", made]):
            self.compiled(label, "openapi_fetch", folder, "--noUncheckedIndexedAccess")

    def hey_api(self, version: str, document: Path, packages: node.Packages) -> None:
        label = f"hey_api.{version}"
        folder = self.typescript(label, "hey_api.ts", packages)
        shutil.copy(self.folder / "typescript" / "openapi-ts.config.mjs", folder)
        if self.step(f"{label}.is_generated", ["openapi-ts", "--input", document], cwd=folder):
            self.compiled(label, "hey_api", folder, "--noUncheckedIndexedAccess")

    def typescript(self, label: str, program: str, packages: node.Packages) -> Path:
        """A folder with the program and all that it needs but its client."""
        folder = self.scratch / label
        folder.mkdir()
        for name in (program, "checks.ts", "tsconfig.json", "package.json"):
            shutil.copy(self.folder / "typescript" / name, folder)
        (folder / "node_modules").symlink_to(packages.modules)
        return folder

    def compiled(self, label: str, program: str, folder: Path, *strictly: str) -> None:
        if self.step(f"{label}.is_compiled", ["tsc", "--project", ".", *strictly], cwd=folder):
            self.suite.checks(["node", folder / "built" / f"{program}.js", label], self.env)

    def openapi_generator(self, document: Path, interpreter: Path, jdk: Java) -> Path | None:
        """What openapi-generator makes of a document, a folder for each language, if it makes them."""
        made = self.scratch / "openapi-generator"
        made.mkdir()
        wanted = {
            "python": {"generatorName": "python", "additionalProperties": {"packageName": "generated"}},
            "typescript": {"generatorName": "typescript-fetch",
                           "additionalProperties": {"importFileExtension": ".js"}},
            "java": {"generatorName": "java", **JAVA},
            "java_with_mappings": {"generatorName": "java", **JAVA, "schemaMappings": mappings(document)},
            "rust": {"generatorName": "rust", "library": "reqwest",
                     "additionalProperties": {"packageName": "openapi-client"}},
        }
        for name, config in wanted.items():
            config |= {"inputSpec": str(document), "outputDir": str(made / name), "globalProperties": CODE}
            (made / f"{name}.json").write_text(json.dumps(config))
        [jar] = (interpreter.parent.parent / "lib").glob("python*/site-packages/openapi_generator_cli/*.jar")
        configs = (made / f"{name}.json" for name in wanted)
        generated = self.step("openapi_generator.is_generated", [jdk.java, "-jar", jar, "batch", *configs])
        return made if generated else None

    def openapi_generator_python(self, made: Path, interpreter: Path) -> None:
        program = self.folder / "python" / "openapi_generator.py"
        self.suite.checks([interpreter, "-u", program, "openapi_generator_python", made / "python"], self.env)

    def openapi_generator_typescript(self, made: Path, packages: node.Packages) -> None:
        label = "openapi_generator_typescript"
        folder = self.typescript(label, "typescript_fetch.ts", packages)
        shutil.move(made / "typescript", folder / "client")
        self.step(f"{label}.is_compiled_as_generated", ["tsc", "--project", ".", "--noEmit"], cwd=folder)
        # What is known to be missing, written as the generator writes it for other schemas.
        with (folder / "client" / "models" / "ItemPart.ts").open("a") as file:
            file.write(INSTANCE_OF_ITEM_PART)
        self.compiled(label, "typescript_fetch", folder)

    def openapi_generator_java(self, made: Path, jdk: Java) -> None:
        label = "openapi_generator_java"
        times = list((self.folder / "java" / "times").glob("*.java"))
        for name, folder in (("is_compiled_as_generated", "java"), ("is_compiled", "java_with_mappings")):
            sources = [file for file in (made / folder / "src" / "main").rglob("*.java")
                       if file.name not in OF_TIMES]
            good = self.step(f"{label}.{name}", [
                jdk.javac, "-encoding", "UTF-8", "-implicit:none", "-d", made / folder / "built", "-cp", jdk.jars,
                *sources, *times, self.folder / "java" / "Program.java",
            ])
        if good:
            self.suite.checks([jdk.java, "-cp", f"{jdk.jars}:{made / folder / 'built'}", "Program"], self.env)

    def rust(self, made: Path, document: Path) -> None:
        """One crate with both Rust clients, in the cache, where cargo builds only what has changed."""
        crate = places.cache(self.folder) / "rust"
        place(self.folder / "rust", crate)
        place(made / "rust", crate / "openapi-client")
        place(document, crate / "openapi.json")
        place(places.SUITES / "support" / "checks.rs", places.CACHE / "support" / "checks.rs")
        for program, label in (("progenitor", "progenitor"), ("openapi_generator", "openapi_generator_rust")):
            # Cargo is the caller's, with its registries; the program gets nothing of the caller's.
            if self.step(f"{label}.is_compiled", rust.build(crate, program), env=dict(os.environ)):
                self.suite.checks([rust.built(program)], self.env)

    def connect_as_written(self, gateway: Gateway) -> None:
        """The lines of the README, run by sh, print what the model said."""
        folder = self.scratch / "connect"
        folder.mkdir()
        said = self.suite.tried(["sh", "-ec", self.suite.connect_lines(gateway)], reader(gateway) | {"PATH": self.env["PATH"]}, cwd=folder)
        answer = said.stdout.strip().splitlines()[-1:]
        self.suite.report("connect.as_written", said.returncode == 0 and answer not in ([], [""]),
                          said.stderr + said.stdout)


INSTANCE_OF_ITEM_PART = """
export function instanceOfItemPart(value: object): value is ItemPart {
    return 'type' in value;
}
"""
# Built on Jackson's types of time, which Debian has not.
OF_TIMES = ("RFC3339InstantDeserializer.java", "RFC3339JavaTimeModule.java")
# Code alone.
CODE = {name: "false" for name in ("apiTests", "modelTests", "apiDocs", "modelDocs")}
JAVA = {
    "library": "native",
    "additionalProperties": {"openApiNullable": False, "useJakartaEe": True, "dateLibrary": "legacy"},
}


def mappings(document: Path) -> dict[str, str]:
    """Java's `Object` for every choice between a value and a list, which the generator cannot write."""
    schemas = json.loads(document.read_text())["components"]["schemas"]
    lists = (name for name, schema in schemas.items()
             if any(choice.get("type") == "array" for choice in schema.get("oneOf", [])))
    return dict.fromkeys(lists, "Object")


def place(source: Path, target: Path) -> None:
    """Copies files, leaving those that are the same untouched, for cargo looks at their times."""
    if source.is_dir():
        for file in source.rglob("*"):
            if file.is_file():
                place(file, target / file.relative_to(source))
        return
    if not target.is_file() or target.read_bytes() != source.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
