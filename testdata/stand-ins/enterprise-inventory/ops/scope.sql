-- The rows that are wrong, by the time of their last change.
SELECT v.id, m.at FROM audit.violations v LEFT JOIN movements m ON m.id = v.id ORDER BY m.at;
