import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, api, explain, keepToken, whenSignedOut, type Me } from "./api.js";
import { ClusterView } from "./cluster-view.js";
import { JobsView, JobView } from "./jobs-view.js";
import { Heading, Problem, Waiting } from "./parts.js";
import { ReferenceView } from "./reference-view.js";
import { SqlView } from "./sql-view.js";
import { SubmitView } from "./submit-view.js";

const VIEWS: [string, string][] = [["cluster", "Cluster"], ["sql", "SQL"], ["jobs", "Jobs"], ["submit", "Submit"], ["api", "API"]];
const THEME = "spark-appliance.theme";
type Theme = "auto" | "light" | "dark";

function applyTheme(theme: Theme): void {
  if (theme === "auto") {
    delete document.documentElement.dataset["theme"];
  } else {
    document.documentElement.dataset["theme"] = theme;
  }
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(THEME);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

/** Where the address says one is: `#/jobs/ID` as its parts. */
function useRoute(): string[] {
  const read = () => location.hash.replace(/^#\/?/, "").split("/").filter((each) => each !== "").map(decodeURIComponent);
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const changed = () => setRoute(read());
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return route;
}

function SignIn({ refusal, onSignedIn }: { refusal: ApiError | undefined; onSignedIn: (me: Me) => void }) {
  const [problem, setProblem] = useState<string>();
  const [asking, setAsking] = useState(false);
  const provider = refusal?.signIn === "oidc";
  const signIn = (event: SubmitEvent) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget as HTMLFormElement).get("token") ?? "").trim();
    keepToken(token);
    setProblem(undefined);
    setAsking(true);
    api.me().then(onSignedIn, (failed: unknown) => {
      setAsking(false);
      keepToken(null);
      setProblem(failed instanceof ApiError && failed.status === 401 ? "This token is not valid here. Check that all of it was copied, and that it is this node's." : explain(failed));
    });
  };
  return (
    <>
      <Heading>Sign in</Heading>
      {provider ? (
        <p>
          <a class="button primary" href={`/sign-in?return_to=${encodeURIComponent(`/ui${location.hash}`)}`}>
            Sign in with your account
          </a>
        </p>
      ) : (
        <form class="form" onSubmit={signIn}>
          <p>
            This node asks for its token: <code>API_TOKEN</code>, or the one that it printed at its first start and keeps in <code>secrets/api-token</code> of its
            data volume. The page keeps it until this tab is closed.
          </p>
          <label>
            Token
            <input type="password" name="token" required autocomplete="current-password" spellcheck={false} />
          </label>
          {problem !== undefined && <Problem>{problem}</Problem>}
          <div class="tools">
            <button type="submit" class="primary" disabled={asking}>
              Sign in
            </button>
          </div>
        </form>
      )}
    </>
  );
}

function View({ route, webhooks }: { route: string[]; webhooks: boolean }) {
  const [view, id] = route;
  switch (view) {
    case undefined:
    case "cluster":
      return <ClusterView />;
    case "sql":
      return <SqlView webhooks={webhooks} />;
    case "jobs":
      return id === undefined ? <JobsView /> : <JobView key={id} id={id} />;
    case "submit":
      return <SubmitView webhooks={webhooks} />;
    case "api":
      return <ReferenceView />;
    default:
      return (
        <>
          <Heading>There is no such page</Heading>
          <p>
            Perhaps the link is old. <a href="#/cluster">Go to the cluster</a>
          </p>
        </>
      );
  }
}

function App() {
  const route = useRoute();
  const [me, setMe] = useState<Me>();
  const [signedOut, setSignedOut] = useState<ApiError>();
  const [problem, setProblem] = useState<string>();
  const [turn, setTurn] = useState(0);
  const [theme, setTheme] = useState(storedTheme);
  const current = route[0] ?? "cluster";
  useEffect(() => {
    whenSignedOut(setSignedOut);
    let timer = 0;
    api.me().then(
      (known) => {
        setMe(known);
        setProblem(undefined);
      },
      (failed: unknown) => {
        if (!(failed instanceof ApiError && failed.status === 401)) {
          setProblem(explain(failed));
          timer = window.setTimeout(() => setTurn((before) => before + 1), 5000);
        }
      },
    );
    return () => window.clearTimeout(timer);
  }, [turn]);
  useEffect(() => {
    const title = signedOut === undefined ? (VIEWS.find(([view]) => view === current)?.[1] ?? "Not found") : "Sign in";
    document.title = `${title} – Spark appliance`;
  }, [current, signedOut]);
  const signOut = () => {
    keepToken(null);
    const left = () => location.reload();
    if (me?.can_sign_out === true) {
      api.signOut().then(left, (failed: unknown) => setProblem(explain(failed)));
    } else {
      left();
    }
  };
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="top">
        <span class="brand">Spark appliance</span>
        {signedOut === undefined && (
          <nav aria-label="Views">
            {VIEWS.map(([view, text]) => (
              <a key={view} href={`#/${view}`} aria-current={view === current ? "page" : undefined}>
                {text}
              </a>
            ))}
          </nav>
        )}
        <span class="who">
          <label>
            <span class="hidden">Colours</span>
            <select
              value={theme}
              onChange={(event) => {
                const chosen = event.currentTarget.value as Theme;
                localStorage.setItem(THEME, chosen);
                applyTheme(chosen);
                setTheme(chosen);
              }}
            >
              <option value="auto">Automatic</option>
              <option value="light">Light</option>
              <option value="dark">Dark</option>
            </select>
          </label>
          {me !== undefined && signedOut === undefined && (
            <>
              <span>{me.name}</span>
              {(me.can_sign_out || me.sign_in === "token") && (
                <button type="button" class="small" onClick={signOut}>
                  Sign out
                </button>
              )}
            </>
          )}
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        {problem !== undefined && <Problem>{problem}</Problem>}
        {signedOut !== undefined ? (
          <SignIn
            refusal={signedOut}
            onSignedIn={(known) => {
              setMe(known);
              setProblem(undefined);
              setSignedOut(undefined);
            }}
          />
        ) : me === undefined ? (
          problem === undefined && <Waiting />
        ) : (
          <View route={route} webhooks={me.webhooks} />
        )}
      </main>
      <footer>
        <a href="/openapi.yaml">openapi.yaml</a> · <a href="/ui/assets/licences.txt">Licences</a>
      </footer>
    </>
  );
}

applyTheme(storedTheme());
const root = document.getElementById("app");
if (root !== null) {
  render(<App />, root);
}
