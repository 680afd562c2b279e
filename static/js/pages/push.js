import "../push.js";
