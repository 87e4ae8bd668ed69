// The demo shop speaks to /track.js as any shop does: it says who is signed in, and tells what people do.
(() => {
  const { token } = document.body.dataset;
  window.campus = window.campus || { q: [] };
  if (token && window.campus.q) window.campus.q.push(["identify", token]);

  const said = document.querySelector("[data-said]");
  const value = (form, name) => (form.elements[name] ? form.elements[name].value.trim() : "");
  const minor = (text, parts) => (text ? Math.round(Number(text.replace(",", ".")) * Number(parts)) : undefined);

  // Each answers what is said of it below the page.
  const acts = {
    "cart-add": (on) => {
      window.campus.cart.add({ product_id: on.dataset.product, quantity: Number(on.dataset.quantity || value(on, "quantity") || 1) });
      return "It is in your cart.";
    },
    "cart-remove": (on) => {
      const some = on.dataset.quantity ? { quantity: Number(on.dataset.quantity) } : {};
      window.campus.cart.remove({ product_id: on.dataset.product, ...some });
      return "It is out of your cart.";
    },
    watch: (form) => {
      const wish = { notify_on_price_drop: form.elements.drop.checked, notify_on_restock: form.elements.restock.checked };
      if (!wish.notify_on_price_drop && !wish.notify_on_restock) return "Choose what you want to hear of.";
      window.campus.watch({ product_id: form.dataset.product, target_price: minor(value(form, "target"), form.dataset.parts), ...wish });
      return "You will hear from us.";
    },
    unwatch: (on) => {
      const body = JSON.stringify({ product_id: on.dataset.product, token });
      fetch("/track/watchlist/remove", { method: "POST", body, keepalive: true });
      return "It is watched no longer.";
    },
    interest: (on) => {
      window.campus.interest(on.dataset.interest);
      return `Good to know: ${on.dataset.interest}.`;
    },
    checkout: (form) => {
      window.campus.track("checkout_started", { total: Number(form.dataset.total), currency: form.dataset.currency });
    },
    "sign-out": () => {
      window.campus.signOut();
    },
  };

  // The shop looks at its own server again, once the script has told of it.
  async function look() {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.querySelector(`[data-live="${old.dataset.live}"]`);
      if (fresh && fresh.innerHTML !== old.innerHTML) old.innerHTML = fresh.innerHTML;
    }
  }

  function tell(on) {
    const words = typeof window.campus === "function" ? acts[on.dataset.tells](on) : "The script is not there: nothing was told.";
    said.textContent = words || "";
    if (words) [250, 1200].forEach((wait) => setTimeout(look, wait));
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-tells]");
    if (!form) return;
    if (!form.getAttribute("action")) event.preventDefault();
    tell(form);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-tells]");
    if (button) tell(button);
  });
})();
