/**
 * What user code must not call in a simulation, by name, each with what to do instead. This list is the whole of it: calls that are not here pass.
 *
 * Beyond any list: native addons, other realms (`node:vm`), and what user code has taken out of a builtin module and kept before the first simulation.
 */

export interface Refused {
  /** In `globalThis`, unless `module` says otherwise. */
  readonly module?: string;
  /** From the module to the object that has the functions. */
  readonly path?: readonly string[];
  /** How it is written in user code, in front of the function's name. */
  readonly prefix: string;
  /** Functions and classes; left out, all that the object has. */
  readonly names?: readonly string[];
  /** Of these, not. */
  readonly except?: readonly string[];
  readonly cure: string;
}

const FILES =
  "read the file before the simulation starts and hand in what it holds, or give the records through `inputs`";
const NETWORK = "give what it brings through `inputs`, and hand your function a client that answers from memory";
const PROCESSES = "call the code directly, or hand your function something that answers from memory";
const PROCESS = "throw an error instead, which fails the task";
const THREAD_POOL = "it works on a thread whose timing no seed decides; call its synchronous form";
const MESSAGES = "its messages come in an order that no seed decides; call the receiver directly";
const KEYS = "it draws from the system's randomness; make the key before the simulation starts";

const KEY_FUNCTIONS = ["generateKey", "generateKeySync", "generateKeyPair", "generateKeyPairSync", "generatePrime"];

export const REFUSED: readonly Refused[] = [
  { module: "node:fs", prefix: "fs.", except: ["Stats", "Dirent", "_toUnixTimestamp"], cure: FILES },
  { module: "node:fs/promises", prefix: "fs.promises.", cure: FILES },
  { prefix: "", names: ["fetch", "WebSocket", "EventSource"], cure: NETWORK },
  { module: "node:http", prefix: "http.", names: ["request", "get", "createServer"], cure: NETWORK },
  { module: "node:https", prefix: "https.", names: ["request", "get", "createServer"], cure: NETWORK },
  { module: "node:http2", prefix: "http2.", names: ["connect", "createServer", "createSecureServer"], cure: NETWORK },
  { module: "node:net", prefix: "net.", names: ["connect", "createConnection", "createServer"], cure: NETWORK },
  { module: "node:net", path: ["Socket", "prototype"], prefix: "net.Socket.", names: ["connect"], cure: NETWORK },
  { module: "node:net", path: ["Server", "prototype"], prefix: "net.Server.", names: ["listen"], cure: NETWORK },
  { module: "node:tls", prefix: "tls.", names: ["connect", "createServer"], cure: NETWORK },
  { module: "node:dgram", prefix: "dgram.", names: ["createSocket", "Socket"], cure: NETWORK },
  {
    module: "node:dns",
    prefix: "dns.",
    except: ["getServers", "setServers", "getDefaultResultOrder", "setDefaultResultOrder"],
    cure: NETWORK,
  },
  {
    module: "node:dns/promises",
    prefix: "dns.promises.",
    except: ["getServers", "setServers", "getDefaultResultOrder", "setDefaultResultOrder"],
    cure: NETWORK,
  },
  { module: "node:child_process", prefix: "child_process.", cure: PROCESSES },
  { module: "node:cluster", prefix: "cluster.", names: ["fork"], cure: PROCESSES },
  { module: "node:worker_threads", prefix: "worker_threads.", names: ["Worker"], cure: PROCESSES },
  {
    module: "node:worker_threads",
    prefix: "worker_threads.",
    names: ["MessageChannel", "BroadcastChannel"],
    cure: MESSAGES,
  },
  { prefix: "", names: ["MessageChannel", "BroadcastChannel"], cure: MESSAGES },
  {
    module: "node:process",
    prefix: "process.",
    names: ["exit", "reallyExit", "abort", "kill", "chdir"],
    cure: PROCESS,
  },
  {
    path: ["Atomics"],
    prefix: "Atomics.",
    names: ["wait", "waitAsync"],
    cure: "await a timer, which takes simulated time",
  },
  {
    module: "node:zlib",
    prefix: "zlib.",
    names: ["gzip", "gunzip", "unzip", "deflate", "inflate", "deflateRaw", "inflateRaw", "brotliCompress"].concat(
      ["brotliDecompress", "createGzip", "createGunzip", "createUnzip", "createDeflate", "createInflate"],
      ["createDeflateRaw", "createInflateRaw", "createBrotliCompress", "createBrotliDecompress"],
    ),
    cure: THREAD_POOL,
  },
  { module: "node:crypto", prefix: "crypto.", names: ["pbkdf2", "scrypt", "hkdf", "checkPrime"], cure: THREAD_POOL },
  {
    module: "node:crypto",
    path: ["webcrypto", "subtle"],
    prefix: "crypto.subtle.",
    names: ["digest", "encrypt", "decrypt", "sign", "verify", "deriveBits", "deriveKey", "generateKey"].concat([
      "importKey",
      "exportKey",
      "wrapKey",
      "unwrapKey",
    ]),
    cure: "it works on a thread whose timing no seed decides; call the synchronous functions of node:crypto",
  },
  { module: "node:crypto", prefix: "crypto.", names: [...KEY_FUNCTIONS, "generatePrimeSync"], cure: KEYS },
];
