// FHIRPath's grammar, operators by precedence: https://hl7.org/fhirpath/N1/grammar.html
import { PathError, type Token, tokenize } from './lexer.ts';

export type Ast =
  | {
      readonly kind: 'literal';
      readonly type: 'Boolean' | 'String' | 'Integer' | 'Decimal' | 'Date' | 'DateTime' | 'Time';
      readonly value: unknown;
    }
  | { readonly kind: 'quantity'; readonly value: number; readonly unit: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'special'; readonly name: string }
  /** `of` undefined: starts the path. */
  | { readonly kind: 'member'; readonly of: Ast | undefined; readonly name: string }
  | { readonly kind: 'call'; readonly of: Ast | undefined; readonly name: string; readonly args: readonly Ast[] }
  | { readonly kind: 'index'; readonly of: Ast; readonly at: Ast }
  | { readonly kind: 'type'; readonly operator: 'is' | 'as'; readonly of: Ast; readonly type: string }
  | { readonly kind: 'minus'; readonly of: Ast }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Ast; readonly right: Ast };

/** Weakest first. */
const BINARY: readonly (readonly string[])[] = [
  ['implies'],
  ['or', 'xor'],
  ['and'],
  ['in', 'contains'],
  ['=', '~', '!=', '!~'],
  ['<', '>', '<=', '>='],
  ['|'],
  ['is', 'as'],
  ['+', '-', '&'],
  ['*', '/', 'div', 'mod'],
];

const UNITS = /^(year|month|week|day|hour|minute|second|millisecond)s?$/;

/** Expressions come from the definitions and from FHIRPath Patch; the latter must not exhaust the stack. */
const MAX_DEPTH = 100;
const MAX_LENGTH = 10_000;

class Parser {
  private readonly tokens: Token[];
  private at = 0;
  private depth = 0;

  constructor(expression: string) {
    if (expression.length > MAX_LENGTH)
      throw new PathError(`a FHIRPath expression has at most ${MAX_LENGTH} characters`);
    this.tokens = tokenize(expression);
  }

  all(): Ast {
    const ast = this.expression(0);
    if (this.token.kind !== 'end') throw this.unexpected();
    return ast;
  }

  private get token(): Token {
    return this.tokens[this.at]!;
  }

  private unexpected(): PathError {
    return new PathError(`unexpected token at ${this.token.at} of a FHIRPath expression`);
  }

  private next(): Token {
    return this.tokens[this.at++]!;
  }

  private isSymbol(text: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === text;
  }

  private take(text: string): void {
    if (!this.isSymbol(text)) throw this.unexpected();
    this.at++;
  }

  private expression(level: number): Ast {
    const operators = BINARY[level];
    if (!operators) return this.unary();
    let left = this.expression(level + 1);
    while ((this.token.kind === 'symbol' || this.token.kind === 'identifier') && operators.includes(this.token.text)) {
      const operator = this.next().text;
      if (operator === 'is' || operator === 'as') left = { kind: 'type', operator, of: left, type: this.typeName() };
      else left = { kind: 'binary', operator, left, right: this.expression(level + 1) };
    }
    return left;
  }

  private typeName(): string {
    const isBracketed = this.isSymbol('(');
    if (isBracketed) this.take('(');
    const names = [this.name()];
    while (this.isSymbol('.')) {
      this.take('.');
      names.push(this.name());
    }
    if (isBracketed) this.take(')');
    return names.join('.');
  }

  private name(): string {
    if (this.token.kind !== 'identifier' && this.token.kind !== 'quoted') throw this.unexpected();
    return this.next().text;
  }

  private unary(): Ast {
    if (++this.depth > MAX_DEPTH) throw new PathError(`a FHIRPath expression may nest ${MAX_DEPTH} deep`);
    try {
      if (this.isSymbol('-')) {
        this.take('-');
        return { kind: 'minus', of: this.unary() };
      }
      if (this.isSymbol('+')) {
        this.take('+');
        return this.unary();
      }
      return this.path(this.term());
    } finally {
      this.depth--;
    }
  }

  private path(start: Ast): Ast {
    let ast = start;
    for (;;) {
      if (this.isSymbol('.')) {
        this.take('.');
        ast = this.invocation(ast);
      } else if (this.isSymbol('[')) {
        this.take('[');
        ast = { kind: 'index', of: ast, at: this.expression(0) };
        this.take(']');
      } else return ast;
    }
  }

  private invocation(of: Ast | undefined): Ast {
    if (this.token.kind === 'special') return { kind: 'special', name: this.next().text };
    const isQuoted = this.token.kind === 'quoted';
    const name = this.name();
    if (isQuoted || !this.isSymbol('(')) return { kind: 'member', of, name };
    this.take('(');
    const args: Ast[] = [];
    while (!this.isSymbol(')')) {
      if (args.length > 0) this.take(',');
      args.push(this.expression(0));
    }
    this.take(')');
    return { kind: 'call', of, name, args };
  }

  private term(): Ast {
    const { kind, text } = this.token;
    switch (kind) {
      case 'string':
        this.at++;
        return { kind: 'literal', type: 'String', value: text };
      case 'number':
        return this.number();
      case 'date':
        this.at++;
        return { kind: 'literal', type: text.includes('T') ? 'DateTime' : 'Date', value: text };
      case 'time':
        this.at++;
        return { kind: 'literal', type: 'Time', value: text.slice(1) };
      case 'variable':
        this.at++;
        return { kind: 'variable', name: text };
      case 'identifier':
        if (text === 'true' || text === 'false') {
          this.at++;
          return { kind: 'literal', type: 'Boolean', value: text === 'true' };
        }
        return this.invocation(undefined);
      case 'quoted':
      case 'special':
        return this.invocation(undefined);
      default:
        return this.bracketed();
    }
  }

  private number(): Ast {
    const { text } = this.next();
    const unit = this.token;
    if (unit.kind === 'string' || (unit.kind === 'identifier' && UNITS.test(unit.text))) {
      this.at++;
      return { kind: 'quantity', value: Number(text), unit: unit.text };
    }
    return { kind: 'literal', type: text.includes('.') ? 'Decimal' : 'Integer', value: Number(text) };
  }

  private bracketed(): Ast {
    if (this.isSymbol('{')) {
      this.take('{');
      this.take('}');
      return { kind: 'empty' };
    }
    this.take('(');
    const ast = this.expression(0);
    this.take(')');
    return ast;
  }
}

export const parsePath = (expression: string): Ast => new Parser(expression).all();
