/**
 * Finds modules without a list in the program: the field `millrace.modules` in the package.json of an application and of the packages it depends on.
 *
 *     "millrace": { "modules": ["./dist/greeting-module.js"] }
 *
 * In:   a directory. Out: the default exports of these files, which are modules, or classes or lists of such; those of the application first.
 */
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { asError, described, isMillraceError, MillraceError } from "../../core/util/errors.ts";
import { isClass } from "../define/is-class.ts";
import type { StatefulFunctionModule } from "./module.ts";

interface Package {
  readonly name: string;
  readonly directory: string;
  readonly modules: readonly string[];
  readonly dependencies: readonly string[];
}

/**
 * Loads the modules of an application and of the packages in its `dependencies`.
 *
 * Shape:  a promise of modules, for `statefunJob(name, await discoverModules(import.meta.url))`: the application's own, then those of its dependencies by name.
 *         `from` is a directory, or the URL of a file; the nearest package.json at or above it counts.
 * Cost:   reads files and imports modules in every thread that takes part in the job; a list in the program needs neither.
 * Errors: `MR9043` `from` is neither, there is no package.json, its field is no list of paths, or a module cannot be loaded or is none.
 * Source: `ServiceLoader` of Java, which Flink's Stateful Functions uses.
 *
 * @example
 * const modules = await discoverModules(process.cwd());
 * console.log(modules.length);
 */
export async function discoverModules(from: string | URL): Promise<readonly StatefulFunctionModule[]> {
  if (typeof from !== "string" && !(from instanceof URL))
    refuse(
      "MR9043",
      `discoverModules() takes a directory, or the URL of a file such as import.meta.url, not ${described(from)}`,
    );
  const start = from instanceof URL || from.startsWith("file:") ? dirname(fileURLToPath(from)) : resolve(from);
  const app = await nearestPackage(start, start);
  const modules = await modulesOf(app);
  for (const name of app.dependencies.toSorted()) {
    const found = await dependency(app.directory, name);
    if (found !== undefined) modules.push(...(await modulesOf(found)));
  }
  return modules;
}

async function nearestPackage(directory: string, start: string): Promise<Package> {
  const found = await packageIn(directory);
  if (found !== undefined) return found;
  const parent = dirname(directory);
  if (parent !== directory) return nearestPackage(parent, start);
  return refuse("MR9043", `no package.json at ${start} or above it: name the directory of the application`);
}

/** Where Node would look for it; undefined: an optional one that is not installed. */
async function dependency(directory: string, name: string): Promise<Package | undefined> {
  const found = await packageIn(join(directory, "node_modules", name));
  const parent = dirname(directory);
  return found ?? (parent === directory ? undefined : dependency(parent, name));
}

/** Undefined: there is none. */
async function packageIn(directory: string): Promise<Package | undefined> {
  const path = join(directory, "package.json");
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (memberOf(error, "code") === "ENOENT" || memberOf(error, "code") === "ENOTDIR") return undefined;
    throw new MillraceError("MR9043", `${path} cannot be read: ${asError(error).message}`, {
      cause: error,
      retryable: false,
    });
  }
  const name = memberOf(content, "name");
  const modules: unknown = memberOf(memberOf(content, "millrace"), "modules") ?? [];
  if (!Array.isArray(modules) || modules.some((file) => typeof file !== "string"))
    refuse("MR9043", `millrace.modules in ${path} is a list of paths, such as ["./dist/module.js"]`);
  return {
    name: typeof name === "string" ? name : directory,
    directory,
    modules: modules as readonly string[], // as just checked
    dependencies: Object.keys(memberOf(content, "dependencies") ?? {}),
  };
}

async function modulesOf(found: Package): Promise<StatefulFunctionModule[]> {
  const modules: StatefulFunctionModule[] = [];
  for (const file of found.modules) modules.push(...(await load(found, file)));
  return modules;
}

async function load({ name, directory, modules }: Package, file: string): Promise<readonly StatefulFunctionModule[]> {
  const exported = await defaultExport(join(directory, file), name);
  const list: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  return list.map((candidate) => {
    const module = instanceOf(candidate);
    if (typeof memberOf(module, "configure") !== "function")
      return refuse(
        "MR9043",
        `${join(directory, file)} has no module as its default export: write export default module(({ config }) => [...])`,
      );
    const given = module as StatefulFunctionModule; // it has configure
    if (given.name !== undefined || isClass(candidate)) return given;
    const place = modules.length > 1 ? `${name} (${file})` : name;
    return { name: place, configure: (config, binder) => given.configure(config, binder) };
  });
}

async function defaultExport(path: string, owner: string): Promise<unknown> {
  try {
    const loaded: unknown = await import(pathToFileURL(path).href);
    return memberOf(loaded, "default");
  } catch (error) {
    if (isMillraceError(error)) throw error;
    const sentence = `the module ${path} of ${owner} cannot be loaded: ${asError(error).message}`;
    throw new MillraceError("MR9043", sentence, { cause: error, retryable: false });
  }
}

function instanceOf(candidate: unknown): unknown {
  return isClass(candidate) ? new candidate() : candidate;
}
