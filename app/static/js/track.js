// Tells Campus what happens in a shop; never throws into its pages, and leaves people alone who ask for that.
(() => {
  const tag = document.currentScript || document.querySelector('script[src*="/track.js"]');
  const server = tag.src.replace(/\/track\.js.*$/, "");
  const said = tag.dataset;
  const asks = navigator.doNotTrack === "1" || window.doNotTrack === "1" || navigator.globalPrivacyControl;
  const isOff = asks && said.respectDnt !== "off";
  const NAME = "campus_session";
  const TOKEN = "campus_token";
  const queue = (window.campus && window.campus.q) || [];
  let session, token, last; // last: the view that somebody is looking at

  function quietly(act) {
    try {
      return act();
    } catch (error) {
      return null;
    }
  }

  const random = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const cookie = () => quietly(() => document.cookie.match(/(?:^|; )campus_session=([^;]+)/)[1]);
  const plain = (url) => url.replace(/[?#].*/, "");
  const stored = (kind, name) => quietly(() => window[kind].getItem(name));
  const store = (kind, name, value) =>
    quietly(() => (value ? window[kind].setItem(name, value) : window[kind].removeItem(name)));

  // In a cookie of the shop's own for 30 days; elsewhere only where there are no cookies.
  function keep(id) {
    session = id;
    const rest = `Path=/; Max-Age=${id ? 2592000 : 0}; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
    quietly(() => (document.cookie = `${NAME}=${id}; ${rest}`));
    store("localStorage", NAME, cookie() === id ? "" : id);
  }

  // `again`: it does no harm when it is said twice. Of two clocks only the difference counts.
  function send(path, body, again, isLast) {
    if (isOff) return;
    const url = `${server}/track/${path}`;
    const mine = token;
    const all = Object.assign({ session_id: session, token: mine || undefined, at: Date.now() }, body);
    const whole = () => JSON.stringify(Object.assign(all, { sent_at: Date.now() }));
    const beacon = () => quietly(() => navigator.sendBeacon(url, whole()));
    if ((isLast && beacon()) || (!window.fetch && beacon())) return;
    // As text/plain, which needs no leave.
    const ask = () => fetch(url, { method: "POST", body: whole(), keepalive: true, credentials: "omit" });
    const later = () => setTimeout(() => ask().catch(() => {}), 2000);
    ask().then(
      (answer) => {
        if (answer.status === 401 && mine) {
          if (token === mine) identify();
          send(path, Object.assign(all, { token: undefined }), again);
        } else if (answer.status === 429 || (again && answer.status > 499)) later();
      },
      () => again && (document.hidden ? beacon() : later()),
    );
  }

  function identify(given) {
    token = given || "";
    store("sessionStorage", TOKEN, token);
  }

  function signOut() {
    leave();
    last = null;
    identify();
    keep(random());
  }

  function device() {
    if (!matchMedia("(pointer: coarse)").matches) return "desktop";
    return Math.min(screen.width, screen.height) < 600 ? "mobile" : "tablet";
  }

  function view(product) {
    leave();
    const id = random().replace(/(.{8})(....).(...).(...)/, "$1-$2-4$3-a$4-");
    last = { id, product: product.product_id, seconds: 0, since: document.hidden ? 0 : Date.now(), told: 0 };
    const seen = { view_id: id, referrer: plain(document.referrer), device_type: device() };
    send("view", Object.assign(seen, product, { view_id: id }), true);
  }

  // Time counts while the page is seen.
  function leave() {
    if (!last) return;
    if (last.since) last.seconds += (Date.now() - last.since) / 1000;
    last.since = 0;
    const duration = Math.round(last.seconds);
    if (duration <= last.told) return;
    last.told = duration;
    send("duration", { product_id: last.product, duration, view_id: last.id }, true, true);
  }

  function comeBack() {
    if (last && !last.since) last.since = Date.now();
  }

  const track = (name, properties) => send("event", { name, properties: properties || {} });
  const page = () =>
    track("page_viewed", { path: location.pathname, title: document.title, referrer: plain(document.referrer) });
  const inCart = (path) => (product, quantity) =>
    send(path, Object.assign({ checkout_url: said.checkout }, product.product_id ? product : { product_id: product, quantity }));
  const safe = (act) => (...given) => void quietly(() => (isOff ? 0 : act(...given)));

  const all = {
    identify,
    signOut,
    view,
    page,
    track,
    watch: (wish) => send("watchlist/add", wish, true),
    interest: (interest) => send("interest", { interest }, true),
  };
  // campus("view", {…}) and campus.view({…}) are the same.
  const campus = (name, ...given) => quietly(() => name.split(".").reduce((at, part) => at[part], campus)(...given));
  for (const name in all) campus[name] = safe(all[name]);
  campus.cart = { add: safe(inCart("cart-add")), remove: safe(inCart("cart-remove")) };

  function start() {
    if (said.pages !== "off") campus.page();
    for (const seen of document.querySelectorAll("[data-campus-view]"))
      quietly(() => campus.view(JSON.parse(seen.dataset.campusView)));
  }

  quietly(() => {
    keep(isOff ? "" : cookie() || stored("localStorage", NAME) || random());
    identify(isOff ? "" : stored("sessionStorage", TOKEN));
    addEventListener("pagehide", safe(leave));
    addEventListener("pageshow", safe(comeBack));
    document.addEventListener("visibilitychange", safe(() => (document.hidden ? leave() : comeBack())));
    window.campus = campus;
    queue.forEach((call) => campus(...call));
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
    else start();
  });
})();
