import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** One field of a declared type, as its source says it. */
export interface DocumentedField {
  readonly name: string;
  readonly optional: boolean;
  /** The type, as written. */
  readonly type: string;
  /** Its doc comment in one line; empty when it has none. */
  readonly meaning: string;
}

/** Types of a folder's source files by name: the fields of interfaces and of object types in unions. */
export type SourceDocs = ReadonlyMap<string, readonly DocumentedField[]>;

/** Read the doc comments of every interface and type alias of a folder; nothing is compiled. */
export function readSourceDocs(folder: string): SourceDocs {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const declared = files.flatMap((name) => typesOf(parse(join(folder, name))));
  const bases = new Map(declared.map(({ name, bases: own }) => [name, own]));
  const own = new Map(declared.map(({ name, fields }) => [name, fields]));
  const withBases = (name: string): readonly DocumentedField[] => [
    ...(bases.get(name) ?? []).flatMap(withBases),
    ...(own.get(name) ?? []),
  ];
  return new Map(declared.map(({ name }) => [name, withBases(name)]));
}

/** Functions that a file exports, as they are called, with their doc comments. */
export function functionDocs(
  file: string,
): readonly { readonly name: string; readonly call: string; readonly meaning: string }[] {
  const source = parse(file);
  return source.statements.filter(ts.isFunctionDeclaration).map((statement) => ({
    name: statement.name?.text ?? "",
    call: `${statement.name?.text ?? ""}(${statement.parameters.map((one) => one.getText(source)).join(", ")})`,
    meaning: docOf(statement),
  }));
}

/** Doc comments of the entries of a constant that is an object, by key, with the entries' values as written. */
export function constantDocs(
  file: string,
  name: string,
): readonly { readonly key: string; readonly value: string; readonly meaning: string }[] {
  const source = parse(file);
  const found: ts.ObjectLiteralExpression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.name.getText(source) === name) {
      const value = node.initializer;
      const literal = value !== undefined && ts.isAsExpression(value) ? value.expression : value;
      if (literal !== undefined && ts.isObjectLiteralExpression(literal)) found.push(literal);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...(found[0]?.properties ?? [])].filter(ts.isPropertyAssignment).map((property) => ({
    key: property.name.getText(source),
    value: property.initializer.getText(source),
    meaning: docOf(property),
  }));
}

interface DeclaredType {
  readonly name: string;
  readonly bases: readonly string[];
  readonly fields: readonly DocumentedField[];
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

function typesOf(source: ts.SourceFile): readonly DeclaredType[] {
  return source.statements.flatMap((statement): DeclaredType[] => {
    if (ts.isInterfaceDeclaration(statement)) {
      const bases = (statement.heritageClauses ?? []).flatMap(({ types }) =>
        types.map(({ expression }) => expression.getText(source)),
      );
      return [{ name: statement.name.text, bases, fields: fieldsOf(statement.members, source) }];
    }
    if (!ts.isTypeAliasDeclaration(statement)) return [];
    return [{ name: statement.name.text, bases: [], fields: literalFields(statement.type, source) }];
  });
}

/** Fields of an object type, or of each branch of a union: a branch's comment is that of the field that tells it apart. */
function literalFields(type: ts.TypeNode, source: ts.SourceFile): readonly DocumentedField[] {
  if (ts.isTypeLiteralNode(type)) return fieldsOf(type.members, source);
  if (!ts.isUnionTypeNode(type)) return [];
  return type.types.flatMap((branch, index) => {
    // The comment stands before the bar, and so belongs to no node.
    const before = source.text.slice(type.types[index - 1]?.end ?? type.pos, branch.getStart(source));
    const comment = (/\/\*\*(.*?)\*\//s.exec(before)?.[1] ?? "").replace(/\s+/g, " ").trim();
    const [first, ...rest] = literalFields(branch, source);
    if (first === undefined) return [];
    return [{ ...first, meaning: first.meaning === "" ? comment : first.meaning }, ...rest];
  });
}

function fieldsOf(members: readonly ts.TypeElement[], source: ts.SourceFile): readonly DocumentedField[] {
  return members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(source),
    optional: member.questionToken !== undefined,
    type: (member.type?.getText(source) ?? "").replace(/\s+/g, " "),
    meaning: docOf(member),
  }));
}

function docOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(comment?.comment) ?? "").replace(/\s+/g, " ").trim();
}
