/** What modules have bound so far, and by whom, so that what is bound twice is refused with both names. */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { FunctionDefinition, NamespaceDefinition } from "../define/function-definition.ts";
import { FunctionType } from "../define/function-type.ts";
import { FunctionTypeNamespaceMatcher } from "../define/namespace-matcher.ts";
import { providedFunction } from "../define/provided-function.ts";
import type { HttpIngressSpec } from "../http/http-ingress.ts";
import { HTTP_NAMESPACE } from "../http-messages.ts";
import type { EgressSpec } from "./egress.ts";
import type { IngressSpec } from "./ingress.ts";
import type { Binder } from "./module.ts";
import { router as routerOf } from "./router.ts";
import type { Route } from "./router.ts";
import type { Target } from "./target.ts";

export class Bindings {
  readonly functions: Map<TypeName, FunctionDefinition> = new Map();
  readonly namespaces: Map<string, NamespaceDefinition> = new Map();
  readonly ingresses: Map<TypeName, IngressSpec<unknown>> = new Map();
  readonly egresses: Map<TypeName, EgressSpec<never>> = new Map();
  http: HttpIngressSpec | undefined = undefined;
  /** Ingress and module of each router, as they came. */
  readonly routed: (readonly [ingress: TypeName, module: string])[] = [];
  readonly #routes = new Map<TypeName, Route<never>[]>();
  readonly #targets = new Map<TypeName, readonly Target<never>[]>();
  /** Which module bound it, by what it is and its name. */
  readonly #owners = new Map<string, string>();

  routesOf(ingress: TypeName): readonly Route<never>[] {
    return this.#routes.get(ingress) ?? [];
  }

  /** Those that are known before anything is forwarded. */
  targetsOf(ingress: TypeName): readonly Target<never>[] {
    return this.#targets.get(ingress) ?? [];
  }

  /** What one module binds with. */
  binderOf(module: string): Binder {
    return {
      bindIngress: (spec) => {
        if (isHttp(spec)) {
          this.#own("HTTP", "ingress", module);
          this.http = spec;
          return;
        }
        this.#requireBound(spec, "ingress", module);
        this.#own("ingress", spec.ingress, module);
        this.ingresses.set(spec.ingress, spec);
        this.#targets.set(spec.ingress, [...this.targetsOf(spec.ingress), ...(spec.targets ?? [])]);
        if (spec.routes !== undefined) this.#routes.set(spec.ingress, [...spec.routes, ...this.routesOf(spec.ingress)]);
      },
      bindIngressRouter: (target: unknown, route?: unknown) => {
        const spec =
          // the overloads say which of the two it is; router() looks at the parts
          route === undefined ? (target as ReturnType<typeof routerOf>) : routerOf(target as never, route as never);
        this.#requireBound(spec, "router", module);
        this.routed.push([spec.ingress, module]);
        this.#routes.set(spec.ingress, [...this.routesOf(spec.ingress), spec.route]);
        this.#targets.set(spec.ingress, [...this.targetsOf(spec.ingress), ...(spec.targets ?? [])]);
      },
      bindEgress: (spec) => {
        this.#requireBound(spec, "egress", module);
        this.#own("egress", spec.egress, module);
        this.egresses.set(spec.egress, spec);
      },
      bindFunction: (fn) => {
        if (typeof memberOf(memberOf(fn, "definition"), "createHandler") !== "function")
          refuse(
            "MR9042",
            `${module} binds a function that fn did not make: write bindFunction(fn(type, { ... })), or bindFunctionProvider(type, provider)`,
          );
        const { definition } = fn;
        refuseReserved(definition.type, module);
        this.#own("function", definition.type, module);
        this.functions.set(definition.type, definition);
      },
      bindFunctionProvider: (type, provider, options) => {
        if (type instanceof FunctionTypeNamespaceMatcher) {
          const { targetNamespace: namespace } = type;
          refuseReserved(`${namespace}/`, module);
          this.#own("provider of the namespace", namespace, module);
          const functionOf = (name: TypeName): FunctionDefinition =>
            providedFunction(FunctionType.parseFrom(name), provider, options);
          this.namespaces.set(namespace, { namespace, functionOf });
        } else if (type instanceof FunctionType) {
          refuseReserved(type.typeName, module);
          this.#own("function", type.typeName, module);
          this.functions.set(type.typeName, providedFunction(type, provider, options));
        } else {
          refuse(
            "MR9042",
            `${module} binds a provider for ${described(type)}: write new FunctionType(namespace, name), or FunctionTypeNamespaceMatcher.targetNamespace(namespace)`,
          );
        }
      },
    };
  }

  #own(what: string, name: string, module: string): void {
    const other = this.#owners.get(`${what} ${name}`);
    if (other !== undefined) {
      const who =
        other === module
          ? `${module} binds the ${what} ${name} twice`
          : `${other} and ${module} both bind the ${what} ${name}`;
      refuse("MR9040", `${who}: bind it once`);
    }
    this.#owners.set(`${what} ${name}`, module);
  }

  #requireBound(spec: unknown, bound: "ingress" | "router" | "egress", module: string): void {
    if (memberOf(spec, "bound") === bound) return;
    const name = memberOf(spec, bound);
    const cure = {
      ingress: "ingress(name, type, source), or x.from(source)",
      router: "router(ingress, route)",
      egress: "egress(name, type, sink), or x.to(sink)",
    }[bound];
    refuse(
      "MR9042",
      `${module} binds ${typeof name === "string" ? name : described(spec)} as ${bound}, but it is not complete: write ${cure}`,
    );
  }
}

function isHttp(spec: IngressSpec<unknown> | HttpIngressSpec): spec is HttpIngressSpec {
  return memberOf(spec, "bound") === "http";
}

/** Requests are addresses, too, of a type of their own. */
function refuseReserved(type: string, module: string): void {
  if (!type.startsWith(`${HTTP_NAMESPACE}/`)) return;
  refuse(
    "MR9042",
    `${module} binds functions of the namespace ${HTTP_NAMESPACE}, which is that of requests: take another`,
  );
}
