import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql, SQLDialect } from "@codemirror/lang-sql";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorSelection, EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";

const KEYWORDS =
  "add after all alter analyze and anti any array as asc at authorization between both bucket buckets by cache cascade case cast catalog " +
  "catalogs change clear cluster clustered codegen collection column columns comment commit compute concatenate constraint cost create cross " +
  "cube current database databases datasource declare default define delete delimited desc describe directory distinct distribute div drop " +
  "else end escaped except exchange execute exists explain export extended external extract false fields fileformat filter first following " +
  "for format formatted from full function functions global grant group grouping having if ignore immediate import in index inner inpath " +
  "insert intersect interval into is items join keys last lateral lazy leading left like ilike limit lines list load local location logical " +
  "map matched merge minus msck namespace namespaces natural no not null nulls of offset on only option options or order outer over " +
  "overlaps overwrite partition partitioned partitions percent pivot placing preceding primary principals properties purge qualify query range " +
  "recover refresh rename repair replace reset restrict right rlike rollback rollup row rows schema schemas select semi separated serde set " +
  "sets show skewed some sort sorted start statistics stored struct system table tables tablesample tblproperties temporary terminated then to touch " +
  "trailing transform true truncate unbounded uncache union unique unlock unpivot unset update use using values variable view views when where " +
  "window with within year zone";
const TYPES =
  "bigint binary boolean byte char date decimal double float int integer long numeric real short smallint string timestamp timestamp_ltz " +
  "timestamp_ntz tinyint varchar variant void";

const spark = SQLDialect.define({
  keywords: KEYWORDS,
  types: TYPES,
  builtin: "",
  identifierQuotes: "`",
  doubleQuotedStrings: true,
  charSetCasts: false,
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.comment, tags.lineComment, tags.blockComment], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.typeName, tags.standard(tags.name)], color: "var(--code-type)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--field)", height: "100%", fontSize: "0.95rem" },
  "&.cm-focused": { outline: "2px solid var(--focus)" },
  ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--quiet)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--stripe)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--edge)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
});

/** Names of tables with their columns, for completion. */
export type KnownTables = Record<string, string[]>;

/**
 * Text typed over a selection, put in by the editor itself. A browser would keep the look of what it replaces by an element
 * with a style attribute, which the policy refuses, and complain about it.
 */
const typedOverSelection = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const range = view.state.selection.main;
    const text = event.data;
    if (event.inputType !== "insertText" || text === null || event.isComposing || range.empty) {
      return false;
    }
    event.preventDefault();
    const change = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handler) => handler(view, range.from, range.to, text, change))) {
      view.dispatch(change());
    }
    return true;
  },
});

/** What a view does with the editor. */
export interface EditorHandle {
  text(): string;
  /** What is selected; empty where nothing is. */
  selected(): string;
  replace(text: string): void;
  insert(text: string): void;
  /** Puts the cursor on a line, counted from 1. */
  goTo(line: number, column: number): void;
  focus(): void;
}

interface Props {
  initial: string;
  onRun: () => void;
  onChange: (text: string) => void;
  known: () => KnownTables;
  handle: (handle: EditorHandle) => void;
}

/**
 * The SQL editor. It lives in a shadow root: there CodeMirror's styles are style sheet objects, which a strict
 * Content-Security-Policy lets through, and not elements, which it would refuse.
 */
export function Editor({ initial, onRun, onChange, known, handle }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const current = useRef({ onRun, onChange, known });
  current.current = { onRun, onChange, known };
  useEffect(() => {
    const element = host.current;
    if (element === null) {
      return undefined;
    }
    const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
    const view = new EditorView({
      parent: root as unknown as HTMLElement,
      root,
      state: EditorState.create({
        doc: initial,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          closeBrackets(),
          typedOverSelection,
          highlightActiveLine(),
          sql({ dialect: spark, upperCaseKeywords: false }),
          spark.language.data.of({
            autocomplete: (context: import("@codemirror/autocomplete").CompletionContext) => {
              const word = context.matchBefore(/[\w.]+/);
              if (word === null && !context.explicit) {
                return null;
              }
              const options = Object.entries(current.current.known()).flatMap(([table, columns]) => [
                { label: table, type: "class" },
                ...columns.map((column) => ({ label: column, type: "property" })),
              ]);
              return { from: word?.from ?? context.pos, options };
            },
          }),
          autocompletion(),
          syntaxHighlighting(colours),
          look,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": "SQL. Control and Enter runs it; Escape, then Tab leaves the editor." }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) {
              current.current.onChange(update.state.doc.toString());
            }
          }),
          Prec.highest(
            keymap.of([
              {
                key: "Mod-Enter",
                run: () => {
                  current.current.onRun();
                  return true;
                },
              },
            ]),
          ),
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        ],
      }),
    });
    handle({
      text: () => view.state.doc.toString(),
      selected: () => {
        const range = view.state.selection.main;
        return view.state.sliceDoc(range.from, range.to);
      },
      replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
      insert: (text) => {
        view.dispatch(view.state.replaceSelection(text));
        view.focus();
      },
      goTo: (line, column) => {
        const found = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
        view.dispatch({ selection: EditorSelection.cursor(Math.min(found.to, found.from + Math.max(0, column))), scrollIntoView: true });
        view.focus();
      },
      focus: () => view.focus(),
    });
    return () => view.destroy();
    // Made once: what changes is read through the reference above.
  }, []);
  return <div class="editor" ref={host} />;
}
